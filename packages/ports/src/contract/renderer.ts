import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClosureFile, Renderer } from '../renderer.ts';

/** A renderer under test; `close` removes what it left on disk. */
export interface OpenedRenderer {
  readonly renderer: Renderer;
  close(): Promise<void>;
}

const digest = `sha256:${'ab'.repeat(32)}`;
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: guestbook/web
`;
const application: readonly ClosureFile[] = [
  file('base/kustomization.yaml', 'resources:\n- web.yaml\n'),
  file('base/web.yaml', deployment),
  file(
    'qa/kustomization.yaml',
    `resources:
- ../base
namePrefix: qa-
images:
- name: guestbook/web
  newTag: "123"
  digest: ${digest}
configMapGenerator:
- name: settings
  files:
  - app-config/greeting.txt
`,
  ),
  file('qa/app-config/greeting.txt', 'hello\n'),
];

/** What every {@link Renderer} keeps to. */
export function rendererContract(name: string, open: () => Promise<OpenedRenderer>): void {
  describe(`renderer contract: ${name}`, () => {
    let opened: OpenedRenderer;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    it('names program and version', () => {
      expect(opened.renderer.version).toMatch(/^\S+\/\d+\.\d+\.\d+( \S+\/\d+\.\d+\.\d+)*$/);
    });

    it('renders base and overlay with pinned image and hashed config map', async () => {
      const rendered = await opened.renderer.render(application, 'qa');

      expect(rendered).toContain(`image: guestbook/web:123@${digest}`);
      expect(rendered).toContain('name: qa-web');
      expect(rendered).toMatch(/name: qa-settings-[a-z0-9]{10}\n/);
    });

    it('renders the same closure to the same bytes, whatever the order of its files', async () => {
      const first = await opened.renderer.render(application, 'qa');

      expect(await opened.renderer.render(application.toReversed(), 'qa')).toBe(first);
    });

    it('gives another name to a config map with other content', async () => {
      const others = application.map((one) => (one.path.endsWith('.txt') ? file(one.path, 'bye\n') : one));
      const nameOf = (text: string): string | undefined => /name: (qa-settings-\w+)/.exec(text)?.[1];

      const [before, after] = [
        await opened.renderer.render(application, 'qa'),
        await opened.renderer.render(others, 'qa'),
      ];

      expect(nameOf(after)).not.toBe(nameOf(before));
    });

    refusals(() => opened.renderer);

    it('renders many at once', async () => {
      const renders = Array.from({ length: 8 }, (_, n) =>
        opened.renderer.render(
          [file('a/kustomization.yaml', `resources: [x.yaml]\nnamePrefix: n${n}-\n`), file('a/x.yaml', deployment)],
          'a',
        ),
      );

      for (const [n, rendered] of (await Promise.all(renders)).entries()) expect(rendered).toContain(`name: n${n}-web`);
    });

    it('stops for its caller', async () => {
      const reason = new Error('no longer wanted');

      await expect(opened.renderer.render(application, 'qa', { signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      );
    });
  });
}

function refusals(renderer: () => Renderer): void {
  const cases: readonly (readonly [name: string, kustomization: string])[] = [
    ['a file of the machine by absolute path', 'resources: [/etc/passwd]\n'],
    [
      'a file of the machine by relative path',
      `configMapGenerator:\n- name: a\n  files: [${'../'.repeat(30)}etc/passwd]\n`,
    ],
    ['a file of the closure outside its own folder', 'configMapGenerator:\n- name: a\n  files: [../base/web.yaml]\n'],
    ['a remote file', 'resources: ["http://127.0.0.1:9/base.yaml"]\n'],
    ['a remote repository', 'resources: ["https://127.0.0.1:9/base.git?ref=main"]\n'],
    ['a Helm chart', 'helmCharts:\n- name: a\n  repo: http://127.0.0.1:9/\n'],
    ['a program of its own', 'generators: [plugin.yaml]\n'],
  ];
  const plugin = `apiVersion: v1
kind: Anything
metadata:
  name: a
  annotations:
    config.kubernetes.io/function: "exec: {path: ./run.sh}"
`;

  it.each(cases)('refuses %s', async (_name, kustomization) => {
    const files = [
      file('qa/kustomization.yaml', kustomization),
      file('base/web.yaml', deployment),
      file('qa/plugin.yaml', plugin),
    ];

    await expect(renderer().render(files, 'qa')).rejects.toMatchObject({ code: 'RENDER_FAILED' });
  });

  it('refuses to write a file outside its folder', async () => {
    const files = [...application, file('../escaped.yaml', 'a: 1\n')];

    await expect(renderer().render(files, 'qa')).rejects.toMatchObject({ code: 'RENDER_FAILED' });
  });

  it('says which file is wrong, as the repository names it', async () => {
    const files = [file('qa/kustomization.yaml', 'resources: [web.yaml]\n'), file('qa/web.yaml', 'a: {b\n')];

    const error: unknown = await renderer()
      .render(files, 'qa')
      .catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: 'RENDER_FAILED', message: expect.stringContaining('web.yaml') });
    expect(String(error)).not.toContain('/tmp');
  });

  it('never quotes a Secret in an error', async () => {
    const patch = 'patches:\n- patch: |-\n    kind: Secret\n    stringData: {password: correct-horse\n';
    const files = [file('qa/kustomization.yaml', patch)];

    const error: unknown = await renderer()
      .render(files, 'qa')
      .catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: 'RENDER_FAILED' });
    expect(String(error)).not.toContain('correct-horse');
  });
}

function file(path: string, text: string): ClosureFile {
  return { path, content: new TextEncoder().encode(text) };
}
