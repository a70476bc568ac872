import { describe, expect, it } from 'vitest';
import {
  closureKey,
  type ClosureReader,
  type EntryMode,
  readClosure,
  resolveClosure,
  sharedInputsDigest,
} from './index.ts';

type Tree = Readonly<Record<string, string | { readonly mode: EntryMode }>>;

function readerOf(tree: Tree): ClosureReader & { readonly reads: string[] } {
  const names = Object.keys(tree);
  const below = (folder: string): readonly string[] =>
    folder === '' ? names : names.filter((name) => name.startsWith(`${folder}/`));
  const reads: string[] = [];
  return {
    reads,
    readFile: async (path) => {
      reads.push(path);
      const entry = tree[path];
      return typeof entry === 'string' ? new TextEncoder().encode(entry) : undefined;
    },
    listFolder: async (folder) => {
      const skip = folder === '' ? 0 : folder.length + 1;
      const found = below(folder).map((name) => name.slice(skip).split('/')[0] ?? '');
      return found.length === 0 ? undefined : [...new Set(found)];
    },
    modeOf: async (path) => {
      const entry = tree[path];
      if (entry !== undefined) return typeof entry === 'string' ? '100644' : entry.mode;
      return below(path).length > 0 ? '040000' : undefined;
    },
  };
}

async function pathsOf(tree: Tree, folder = 'qa'): Promise<readonly string[]> {
  const closure = await resolveClosure(folder, readerOf(tree));
  if (closure.kind === 'whole-tree') throw new Error(closure.because.join());
  return closure.files.map(({ path }) => path);
}

describe('resolveClosure', () => {
  it('names every file that a kustomization needs, and no other', async () => {
    const tree = {
      'README.md': 'x',
      'other/kustomization.yaml': 'resources: []',
      'base/kustomization.yml': 'resources: [web.yaml, ./rbac/]\nconfigurations: [refs.yaml]\n',
      'base/web.yaml': '',
      'base/unused.yaml': '',
      'base/refs.yaml': '',
      'base/rbac/Kustomization': 'resources:\n- role.yaml\n',
      'base/rbac/role.yaml': '',
      'parts/tls/kustomization.yaml': 'kind: Component\npatches:\n- path: p.yaml\n- patch: "- op: remove"\n',
      'parts/tls/p.yaml': '',
      'qa/authorised.yaml': '',
      'qa/kustomization.yaml': `
resources: [../base]
components: [../parts/tls]
patchesStrategicMerge:
- merge.yaml
- |-
  kind: Inline
patchesJson6902:
- {target: {kind: A, name: b}, path: six.yaml}
configMapGenerator:
- name: a
  files: [app-config/a.txt, key=app-config/b.txt]
  envs: [c.env]
- {name: b, env: d.env, literals: [x=y]}
secretGenerator: [{name: s, files: [s.txt]}]
crds: [crd.json]
openapi: {path: schema.json}
replacements: [{path: r.yaml}, {source: {kind: A}, targets: []}]
transformers:
- labels.yaml
- |-
  apiVersion: builtin
  kind: PrefixTransformer
  metadata: {name: x}
`,
      'qa/labels.yaml': 'apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\n',
      'qa/merge.yaml': '',
      'qa/six.yaml': '',
      'qa/app-config/a.txt': '',
      'qa/app-config/b.txt': '',
      'qa/app-config/unused.txt': '',
      'qa/c.env': '',
      'qa/d.env': '',
      'qa/s.txt': '',
      'qa/crd.json': '',
      'qa/schema.json': '',
      'qa/r.yaml': '',
    };

    expect(await pathsOf(tree)).toEqual(
      Object.keys(tree)
        .filter((path) => !/README|other|unused|authorised/.test(path))
        .toSorted(),
    );
  });

  it('says which kustomization asked for a file and reads no resource', async () => {
    const reader = readerOf({ 'qa/kustomization.yaml': 'resources: [a.yaml]', 'qa/a.yaml': 'huge' });

    expect(await resolveClosure('qa/', reader)).toEqual({
      kind: 'files',
      files: [
        { path: 'qa/a.yaml', origin: 'qa/kustomization.yaml' },
        { path: 'qa/kustomization.yaml', origin: 'qa/kustomization.yaml' },
      ],
    });
    expect(reader.reads).toEqual(['qa/kustomization.yaml']);
  });

  it('works at the root of a repository and visits a shared base once', async () => {
    const tree = {
      'kustomization.yaml': 'resources: [a, b]',
      'a/kustomization.yaml': 'resources: [../c]',
      'b/kustomization.yaml': 'resources: [../c]',
      'c/kustomization.yaml': 'resources: []',
    };

    expect(await pathsOf(tree, '.')).toEqual(Object.keys(tree).toSorted());
  });

  it.each([
    ['an unknown field', 'shinyNewField: {path: x}\n'],
    ['a plugin it does not know', 'generators: [p.yaml]\n'],
    [
      'an inline plugin that names files',
      'transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  path: x\n',
    ],
  ])('takes the whole tree for %s', async (_name, kustomization) => {
    const tree = {
      'qa/kustomization.yaml': kustomization,
      'qa/p.yaml': 'apiVersion: x/v1\nkind: Mine\n',
      'x/y.txt': 'y',
      'qa/authorised.yaml': 'x',
      'x/link': { mode: '120000' },
    } as const;

    const closure = await resolveClosure('qa', readerOf(tree));

    expect(closure).toMatchObject({ kind: 'whole-tree', because: [expect.stringContaining('qa/')] });
    const files = await readClosure(closure, readerOf(tree));
    expect(files.map(({ path }) => path)).toEqual(['qa/kustomization.yaml', 'qa/p.yaml', 'x/y.txt']);
  });

  const remote = [
    'https://example.org/base.yaml',
    'git@github.com:a/b.git',
    'github.com/a/b//deploy?ref=v1',
    'ssh://git@example.org/a/b',
    'git::https://example.org/a',
    'file:///etc',
    'gh:a/b',
    'deploy@host:repo',
    'a/b?ref=main',
    '../../a.git',
  ];
  it.each(remote)('refuses the remote base %s', async (base) => {
    const tree = { 'qa/kustomization.yaml': `namespace: qa\nresources:\n- ${base}\n` };

    await expect(resolveClosure('qa', readerOf(tree))).rejects.toMatchObject({
      code: 'REMOTE_BASE_REFUSED',
      facts: { file: 'qa/kustomization.yaml', line: 3, column: 3 },
    });
  });

  const refusals: readonly (readonly [name: string, code: string, tree: Tree])[] = [
    [
      'a path that leaves the root',
      'CLOSURE_PATH_OUTSIDE',
      { 'qa/kustomization.yaml': 'resources: [../../etc/passwd]' },
    ],
    [
      'an absolute path',
      'CLOSURE_PATH_OUTSIDE',
      { 'qa/kustomization.yaml': 'configMapGenerator: [{files: [/etc/passwd]}]' },
    ],
    [
      'a keyed absolute path',
      'CLOSURE_PATH_OUTSIDE',
      { 'qa/kustomization.yaml': 'secretGenerator: [{files: [k=/etc/passwd]}]' },
    ],
    ['a backslash', 'CLOSURE_PATH_OUTSIDE', { 'qa/kustomization.yaml': "crds: ['..\\x']" }],
    [
      'a link',
      'CLOSURE_PATH_OUTSIDE',
      { 'qa/kustomization.yaml': 'resources: [a.yaml]', 'qa/a.yaml': { mode: '120000' } },
    ],
    [
      'a link on the way',
      'CLOSURE_PATH_OUTSIDE',
      { 'qa/kustomization.yaml': 'resources: [l/a.yaml]', 'qa/l': { mode: '120000' } },
    ],
    ['a linked kustomization', 'CLOSURE_PATH_OUTSIDE', { 'qa/kustomization.yaml': { mode: '120000' } }],
    ['a submodule', 'CLOSURE_PATH_OUTSIDE', { 'qa/kustomization.yaml': 'resources: [s]', 'qa/s': { mode: '160000' } }],
    ['a missing file', 'CLOSURE_FILE_MISSING', { 'qa/kustomization.yaml': 'resources: [a.yaml]' }],
    [
      'a folder without kustomization',
      'CLOSURE_FILE_MISSING',
      { 'qa/kustomization.yaml': 'resources: [a]', 'qa/a/x': '' },
    ],
    ['two kustomizations', 'KUSTOMIZATION_INVALID', { 'qa/kustomization.yaml': '{}', 'qa/Kustomization': '{}' }],
    ['Helm', 'CLOSURE_UNSUPPORTED', { 'qa/kustomization.yaml': 'helmCharts: [{name: a}]' }],
    [
      'Helm as a plugin',
      'CLOSURE_UNSUPPORTED',
      { 'qa/kustomization.yaml': 'generators:\n- |-\n  kind: HelmChartInflationGenerator\n' },
    ],
    ['a list', 'KUSTOMIZATION_INVALID', { 'qa/kustomization.yaml': '- a' }],
    ['itself', 'CLOSURE_CYCLE', { 'qa/kustomization.yaml': 'resources: [.]' }],
  ];
  it.each(refusals)('refuses %s', async (_name, code, tree) => {
    await expect(resolveClosure('qa', readerOf(tree))).rejects.toMatchObject({ code });
  });

  it('reports a cycle with its way', async () => {
    const tree = {
      'qa/kustomization.yaml': 'resources: [../a]',
      'a/kustomization.yaml': 'resources: [../b]',
      'b/kustomization.yaml': 'resources:\n- ../a\n',
    };

    await expect(resolveClosure('qa', readerOf(tree))).rejects.toThrow(
      'b/kustomization.yaml:2:3: it includes itself: a → b → a',
    );
  });

  it('bounds depth, files and bytes', async () => {
    const deep = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [`${n}/kustomization.yaml`, `resources: [../${n + 1}]`]),
    );
    const names = Array.from({ length: 2_100 }, (_, n) => `${n}.yaml`);
    const wide = {
      'qa/kustomization.yaml': `resources: [${names.join()}]`,
      ...Object.fromEntries(names.map((n) => [`qa/${n}`, ''])),
    };
    const big = { 'qa/kustomization.yaml': `# ${'x'.repeat(21_000_000)}` };

    for (const [folder, tree] of [
      ['0', deep],
      ['qa', wide],
      ['qa', big],
    ] as const) {
      await expect(resolveClosure(folder, readerOf(tree))).rejects.toMatchObject({ code: 'CLOSURE_TOO_LARGE' });
    }
  });
});

describe('digests of a closure', () => {
  const entries = [
    { path: 'base/a.yaml', id: '1' },
    { path: 'qa/b.yaml', id: '2' },
    { path: 'qa2/c.yaml', id: '3' },
  ];

  it('do not depend on order, and change with content, path and renderer', () => {
    const key = closureKey(entries, 'kubectl/1');

    expect(closureKey(entries.toReversed(), 'kubectl/1')).toBe(key);
    expect(closureKey(entries, 'kubectl/2')).not.toBe(key);
    expect(closureKey(entries.slice(1), 'kubectl/1')).not.toBe(key);
  });

  it('share what lies outside the environment', () => {
    const shared = sharedInputsDigest(entries, 'qa');

    expect(
      sharedInputsDigest([...entries.slice(0, 1), { path: 'qa/b.yaml', id: 'new' }, ...entries.slice(2)], 'qa/'),
    ).toBe(shared);
    expect(sharedInputsDigest(entries.slice(0, 2), 'qa')).not.toBe(shared);
  });
});
