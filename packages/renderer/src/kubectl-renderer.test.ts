import { appendFile, chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDigest } from '@slipway/domain';
import { type ClosureReader, parseObjects, imagesOf, readClosure, resolveClosure, setImages } from '@slipway/manifests';
import type { ClosureFile } from '@slipway/ports';
import { rendererContract } from '@slipway/ports/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubectlRenderer, type KubectlRenderer } from './index.ts';

async function freshState(): Promise<string> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'slipway-renderer-'));
  await chmod(stateDir, 0o755);
  return stateDir;
}

function file(name: string, text: string): ClosureFile {
  return { path: name, content: Buffer.from(text) };
}

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const small = [file('kustomization.yaml', 'resources: [a.yaml]\n'), file('a.yaml', configMap)];

rendererContract('kubectl', async () => {
  const stateDir = await freshState();
  const renderer = await createKubectlRenderer({ stateDir });
  return { renderer, close: () => rm(stateDir, { recursive: true, force: true }) };
});

describe('the kubectl renderer', () => {
  let stateDir: string;
  let renderer: KubectlRenderer;
  beforeAll(async () => {
    stateDir = await freshState();
    renderer = await createKubectlRenderer({ stateDir });
  });
  afterAll(() => rm(stateDir, { recursive: true, force: true }));

  const programOf = async (): Promise<string> => {
    const [folder = ''] = (await readdir(path.join(stateDir, 'renderer'))).filter((name) =>
      name.startsWith('kubectl-'),
    );
    return path.join(stateDir, 'renderer', folder, 'kubectl');
  };
  const work = (): Promise<readonly string[]> => readdir(path.join(stateDir, 'renderer', 'work'));

  it('is the pinned program, apart from network and machine', () => {
    expect(renderer.version).toBe('kubectl/1.34.5 kustomize/5.7.1');
    if (process.getuid?.() === 0) expect(renderer.isolation).toBe('user-and-network');
  });

  it('unpacks once, and again when the program was changed', async () => {
    const program = await programOf();
    const first = await stat(program);
    await createKubectlRenderer({ stateDir });
    expect((await stat(program)).ino).toBe(first.ino);

    await appendFile(program, 'x');
    await createKubectlRenderer({ stateDir });

    expect((await stat(program)).size).toBe(first.size);
    expect((await readdir(path.dirname(program))).toSorted()).toEqual(['kubectl', 'kubectl.json']);
  });

  it('leaves no work folder behind, also after a failure', async () => {
    await renderer.render(small, '');
    await renderer.render([file('kustomization.yaml', 'resources: [b.yaml]\n')], '').catch(() => undefined);

    expect(await work()).toEqual([]);
  });

  it('removes what a killed process left behind an hour ago', async () => {
    const left = path.join(stateDir, 'renderer', 'work', 'left');
    await mkdir(left);
    await writeFile(path.join(left, 'a'), 'x');
    await utimes(left, new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_600_000));

    await createKubectlRenderer({ stateDir });

    expect(await work()).toEqual([]);
  });

  it('reaches no server of this machine', async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end(configMap);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;

    const render = renderer.render(
      [file('kustomization.yaml', `resources: ["http://127.0.0.1:${port}/a.yaml"]\n`)],
      '',
    );

    await expect(render).rejects.toMatchObject({ code: 'RENDER_FAILED' });
    await new Promise((resolve) => server.close(resolve));
    if (renderer.isolation.includes('network')) expect(requests).toBe(0);
  });

  it('does not render the same closure twice', async () => {
    const counting = path.join(stateDir, 'counting-kubectl');
    const calls = path.join(stateDir, 'calls');
    const program = await programOf();
    await mkdir(calls, { mode: 0o777 });
    await chmod(calls, 0o777);
    await writeFile(counting, `#!/bin/sh\n: > ${calls}/$$\nexec ${program} "$@"\n`, { mode: 0o755 });
    const counted = await createKubectlRenderer({ stateDir, kubectlPath: counting });
    const before = (await readdir(calls)).length;

    const renders = await Promise.all([
      counted.render(small, ''),
      counted.render(small.toReversed(), ''),
      counted.render(small, ''),
    ]);

    expect(new Set(renders).size).toBe(1);
    expect((await readdir(calls)).length).toBe(before + 1);
    expect(counted.version).toBe(renderer.version);
  });

  it('stops a render that takes too long or prints too much, and refuses too many bytes', async () => {
    const slow = path.join(stateDir, 'slow-kubectl');
    const program = await programOf();
    const script = `#!/bin/sh\n[ -e slow.yaml ] && exec /bin/sleep 30\nexec ${program} "$@"\n`;
    await writeFile(slow, script, { mode: 0o755 });
    const impatient = await createKubectlRenderer({ stateDir, kubectlPath: slow, timeoutMs: 500 });
    const tight = await createKubectlRenderer({ stateDir, maxBytes: 100 });
    const growing = [
      file('kustomization.yaml', `resources: [a.yaml]\nnamePrefix: ${'n'.repeat(40)}-\n`),
      file('a.yaml', ''),
    ];

    await expect(impatient.render([...small, file('slow.yaml', '')], '')).rejects.toMatchObject({
      code: 'RENDER_TIMEOUT',
    });
    await expect(tight.render([...small, ...growing], '')).rejects.toMatchObject({ code: 'RENDER_TOO_LARGE' });
    await expect(
      tight.render(
        [file('kustomization.yaml', 'configMapGenerator: [{name: a, literals: [a=b]}]\nnamespace: abcdefghijklmnop')],
        '',
      ),
    ).rejects.toMatchObject({ code: 'RENDER_TOO_LARGE' });
    expect(await work()).toEqual([]);
  });

  it('cancels a running render for its caller only', async () => {
    const controller = new AbortController();
    const files = [...small, file('b.yaml', 'unused')];

    const cancelled = renderer.render(files, '', { signal: controller.signal });
    const kept = renderer.render(files, '');
    controller.abort(new Error('stop'));

    await expect(cancelled).rejects.toThrow('stop');
    expect(await kept).toContain('name: a');
  });

  it('takes a weaker isolation where its state folder keeps other users out', async () => {
    const closed = await mkdtemp(path.join(tmpdir(), 'slipway-renderer-'));

    const own = await createKubectlRenderer({ stateDir: closed, kubectlPath: await programOf() });

    expect(await own.render(small, '')).toContain('name: a');
    if (process.getuid?.() === 0) expect(own.isolation).toBe('network');
    await rm(closed, { recursive: true, force: true });
  });

  it('says plainly when the program does not run', async () => {
    await expect(createKubectlRenderer({ stateDir, kubectlPath: '/bin/false' })).rejects.toMatchObject({
      code: 'RENDERER_UNAVAILABLE',
    });
  });
});

describe('from an edit to what would run', () => {
  it('pins an image in an overlay, finds its closure and renders name:tag@digest', async () => {
    const stateDir = await freshState();
    const renderer = await createKubectlRenderer({ stateDir });
    const digest = parseDigest(`sha256:${'c0'.repeat(32)}`);
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: web, image: guestbook/web}\n';
    const tree = new Map([
      ['base/kustomization.yaml', 'resources: [pod.yaml]\n'],
      ['base/pod.yaml', pod],
      ['other/secret.yaml', 'never: read'],
      ['qa/authorised.yaml', 'not: rendered'],
    ]);
    const overlay = 'resources:\n- ../base # shared\nimages:\n- name: guestbook/web\n';
    const pin = {
      name: 'guestbook/web',
      newName: 'registry.local:5000/guestbook/web',
      newTag: '0123456789'.repeat(4),
      digest,
    };
    tree.set('qa/kustomization.yaml', setImages(overlay, [pin], 'qa/kustomization.yaml').text);

    const closure = await resolveClosure('qa', readerOf(tree));
    const rendered = await renderer.render(await readClosure(closure, readerOf(tree)), 'qa');

    expect(closure).toMatchObject({
      kind: 'files',
      files: [{ path: 'base/kustomization.yaml' }, { path: 'base/pod.yaml' }, { path: 'qa/kustomization.yaml' }],
    });
    expect(imagesOf(parseObjects(rendered))).toEqual([`${pin.newName}:${pin.newTag}@${digest}`]);
    await rm(stateDir, { recursive: true, force: true });
  });
});

function readerOf(tree: ReadonlyMap<string, string>): ClosureReader {
  const below = (folder: string): readonly string[] =>
    [...tree.keys()].filter((name) => folder === '' || name.startsWith(`${folder}/`));
  return {
    readFile: async (name) => {
      const text = tree.get(name);
      return text === undefined ? undefined : Buffer.from(text);
    },
    listFolder: async (folder) => {
      const skip = folder === '' ? 0 : folder.length + 1;
      return [...new Set(below(folder).map((name) => name.slice(skip).split('/')[0] ?? ''))];
    },
    modeOf: async (name) => (tree.has(name) ? '100644' : below(name).length > 0 ? '040000' : undefined),
  };
}
