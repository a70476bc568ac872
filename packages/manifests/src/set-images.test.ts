import { type ImagePin, parseDigest } from '@slipway/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { setImages, setScalar } from './index.ts';

const digest = parseDigest(`sha256:${'a1'.repeat(32)}`);
const other = parseDigest(`sha256:${'b2'.repeat(32)}`);
const tag = 'c3d4'.repeat(10);
const pin: ImagePin = { name: 'app', newTag: tag, digest };
const file = 'overlays/qa/kustomization.yaml';

function pinned(text: string, pins: readonly ImagePin[] = [pin]): string {
  return setImages(text, pins, file).text;
}

describe('setImages', () => {
  const layouts: readonly (readonly [name: string, before: string, after: string])[] = [
    [
      'replaces values and keeps comments, order and quotes',
      `# top\nimages:\n  # ours\n  - digest: '${other}' # binds\n    newTag: "old"   # for people\n    name: app\nresources: [ a.yaml,  b.yaml ] # last`,
      `# top\nimages:\n  # ours\n  - digest: '${digest}' # binds\n    newTag: "${tag}"   # for people\n    name: app\nresources: [ a.yaml,  b.yaml ] # last`,
    ],
    [
      'adds missing keys behind the last one of the entry',
      'images:\n- name: app # ours\n\n# next\nresources:\n- a.yaml\n',
      `images:\n- name: app # ours\n  newTag: ${tag}\n  digest: ${digest}\n\n# next\nresources:\n- a.yaml\n`,
    ],
    [
      'keeps CRLF and a missing final newline',
      'resources:\r\n- a.yaml\r\nimages:\r\n-   name: app\r\n    newTag: old',
      `resources:\r\n- a.yaml\r\nimages:\r\n-   name: app\r\n    newTag: ${tag}\r\n    digest: ${digest}`,
    ],
    [
      'adds an entry behind the last one, laid out like it',
      'images:\n  -  name: base\n     newTag: "1"\n     # odd place\nnamespace: qa\n',
      `images:\n  -  name: base\n     newTag: "1"\n  -  name: app\n     newTag: ${tag}\n     digest: ${digest}\n     # odd place\nnamespace: qa\n`,
    ],
    [
      'adds a section at the end, indented as the other lists',
      'resources:\n  - a.yaml\n# end\n',
      `resources:\n  - a.yaml\n# end\nimages:\n  - name: app\n    newTag: ${tag}\n    digest: ${digest}\n`,
    ],
    [
      'adds a section to a file without final newline',
      'resources:\n- a.yaml',
      `resources:\n- a.yaml\nimages:\n- name: app\n  newTag: ${tag}\n  digest: ${digest}`,
    ],
    [
      'adds a section before an end marker',
      'namespace: qa\n...\n',
      `namespace: qa\nimages:\n- name: app\n  newTag: ${tag}\n  digest: ${digest}\n...\n`,
    ],
    [
      'keeps flow style within an entry',
      'images:\n- {name: app, newTag: old}\n- { name: b }\n',
      `images:\n- {name: app, newTag: ${tag}, digest: ${digest}}\n- { name: b }\n`,
    ],
    [
      'adds to a flow list over lines',
      'images: [\n  {name: b, newTag: "1"},\n  {name: c, newTag: "2"}\n]\n',
      `images: [\n  {name: b, newTag: "1"},\n  {name: c, newTag: "2"},\n  {name: app, newTag: ${tag}, digest: ${digest}}\n]\n`,
    ],
    ['fills an empty flow list', 'images: []\n', `images: [{name: app, newTag: ${tag}, digest: ${digest}}]\n`],
    [
      'fills an empty section',
      'images: # none yet\nnamespace: qa\n',
      `images: [{name: app, newTag: ${tag}, digest: ${digest}}] # none yet\nnamespace: qa\n`,
    ],
    [
      'fills empty values and explicit nulls',
      'images:\n- name: app\n  newTag:   # soon\n  digest: ~\n',
      `images:\n- name: app\n  newTag: ${tag}   # soon\n  digest: ${digest}\n`,
    ],
    [
      'writes JSON into JSON',
      '{"images": [{"name": "app", "newTag": "old"}], "namespace": "qa"}',
      `{"images": [{"name": "app", "newTag": "${tag}", "digest": "${digest}"}], "namespace": "qa"}`,
    ],
    [
      'adds a JSON section',
      '{\n  "namespace": "qa"\n}\n',
      `{\n  "namespace": "qa",\n  "images": [{"name": "app", "newTag": "${tag}", "digest": "${digest}"}]\n}\n`,
    ],
    [
      'leaves unused anchors and a byte order mark alone',
      '\uFEFFimages:\n- &ours\n  name: app\n  newTag: &t old\n',
      `\uFEFFimages:\n- &ours\n  name: app\n  newTag: &t ${tag}\n  digest: ${digest}\n`,
    ],
  ];

  it.each(layouts)('%s', (_name, before, after) => {
    expect(pinned(before)).toBe(after);
    expect(setImages(after, [pin], file)).toEqual({ text: after, changed: false });
  });

  it.each(['1e10', '0123456789'.repeat(4), 'true', '0x1f', '1_000', '2026-01-01', 'null', '12e4567890', 'no'])(
    'quotes the tag %s, which plain would not read back as a string',
    (newTag) => {
      const { text } = setImages('images:\n- name: app\n  newTag: old\n', [{ ...pin, newTag }], file);

      expect(text).toContain(`newTag: "${newTag}"`);
      for (const version of ['1.1', '1.2'] as const) {
        const read = parse(text, { version }) as { images: { newTag: unknown }[] };
        expect(read.images[0]?.newTag).toBe(newTag);
      }
    },
  );

  it('sets several images, and newName where given', () => {
    const text = pinned('images:\n- name: app\n- name: b\n  newName: old/b\n', [
      pin,
      { ...pin, name: 'b', newName: 'x.local:5000/b' },
    ]);

    expect(parse(text)).toEqual({
      images: [
        { name: 'app', newTag: tag, digest },
        { name: 'b', newName: 'x.local:5000/b', newTag: tag, digest },
      ],
    });
  });

  const refusals: readonly (readonly [name: string, text: string, code: string, line: number, column: number])[] = [
    ['another kind', 'kind: Deployment\n', 'KUSTOMIZATION_INVALID', 1, 1],
    ['a list', '- a\n', 'KUSTOMIZATION_INVALID', 1, 1],
    ['images that are no list', 'namespace: qa\nimages: {name: app}\n', 'KUSTOMIZATION_INVALID', 2, 9],
    ['an image twice', 'images:\n- name: app\n- name: app\n', 'KUSTOMIZATION_INVALID', 3, 3],
    ['an aliased entry', 'x: &a {name: app}\nimages:\n- *a\n', 'MANIFEST_NODE_SHARED', 3, 3],
    ['an entry others share', 'images:\n- &a {name: app}\nx: *a\n', 'MANIFEST_NODE_SHARED', 2, 6],
    ['an aliased list', 'x: &a []\nimages: *a\n', 'MANIFEST_NODE_SHARED', 2, 9],
    ['an aliased value', 'x: &a old\nimages:\n- name: app\n  newTag: *a\n', 'MANIFEST_NODE_SHARED', 4, 11],
    ['a value others share', 'images:\n- name: app\n  newTag: &a old\nx: *a\n', 'MANIFEST_NODE_SHARED', 3, 14],
    ['a merged entry', 'x: &a {newTag: old}\nimages:\n- name: app\n  <<: *a\n', 'MANIFEST_NODE_SHARED', 4, 3],
    ['duplicate keys', 'images:\n- name: app\n  newTag: a\n  newTag: b\n', 'MANIFEST_SYNTAX', 4, 3],
    ['two documents', 'images: []\n---\na: 1\n', 'MANIFEST_SYNTAX', 3, 1],
    ['an empty file', '', 'MANIFEST_SYNTAX', 1, 1],
    ['a block scalar', 'images:\n- name: app\n  newTag: |\n    old\n', 'MANIFEST_EDIT_REFUSED', 3, 11],
    ['a foreign tag', 'images:\n- name: app\n  newTag: !!int 12\n', 'MANIFEST_EDIT_REFUSED', 3, 17],
    ['broken YAML', 'images: [\n', 'MANIFEST_SYNTAX', 2, 1],
  ];

  it.each(refusals)('refuses %s and says where', (_name, text, code, line, column) => {
    expect(() => pinned(text)).toThrow(expect.objectContaining({ code, facts: { file, line, column } }));
  });

  it('refuses nesting that would exhaust the parser, and aliases that multiply', () => {
    const bomb = `a: &a [x]\n${Array.from({ length: 120 }, (_, i) => `b${i}: *a\n`).join('')}`;

    for (const text of ['['.repeat(1_000_000), '- '.repeat(500_000), '{a: '.repeat(200_000), bomb]) {
      expect(() => pinned(text)).toThrow(expect.objectContaining({ code: 'MANIFEST_TOO_LARGE' }));
    }
  });
});

describe('setScalar', () => {
  it('sets a nested value and adds a missing key', () => {
    const edit = setScalar(
      'spec:\n  a: {b: [x, {c: "1"}]} # c\n',
      { path: ['spec', 'a', 'b', 1, 'c'], value: '2' },
      file,
    );

    expect(edit).toEqual({ text: 'spec:\n  a: {b: [x, {c: "2"}]} # c\n', changed: true });
    expect(setScalar(edit.text, { path: ['spec', 'd'], value: 'é: x' }, file).text).toContain('\n  d: "é: x"\n');
  });

  it('refuses a path through a scalar', () => {
    expect(() => setScalar('a: 1\n', { path: ['a', 'b'], value: 'x' }, file)).toThrow(
      expect.objectContaining({ code: 'MANIFEST_EDIT_REFUSED' }),
    );
  });
});

/** A kustomization in one of many layouts, with marks where the values of our entry stand. */
const layout = fc
  .record({
    lineEnd: fc.constantFrom('\n', '\r\n'),
    indent: fc.constantFrom('', '  ', '    '),
    gap: fc.constantFrom(' ', '   '),
    quote: fc.constantFrom('', '"', "'"),
    comment: fc.constantFrom('', ' # note: [x', '   #'),
    isFlow: fc.boolean(),
    hasFinalNewline: fc.boolean(),
    keys: fc.shuffledSubarray(['name', 'newTag', 'digest'], { minLength: 3 }),
    before: fc.array(fc.constantFrom('# c', 'namespace: "qa"', '', 'resources: [ a.yaml ]'), { maxLength: 3 }),
    others: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ lineEnd, indent, gap, quote, comment, isFlow, hasFinalNewline, keys, before, others }) => {
    const value = (key: string): string => (key === 'name' ? 'app' : `${quote}«${key}»${quote}`);
    const pairs = keys.map((key) => `${key}: ${value(key)}`);
    const inner = `${indent} ${' '.repeat(gap.length)}`;
    const item = isFlow
      ? [`${indent}-${gap}{ ${pairs.join(' , ')} }${comment}`]
      : pairs.map((pair, i) => `${i === 0 ? `${indent}-${gap}` : inner}${pair}${comment}`);
    const rest = Array.from({ length: others }, (_, i) => `${indent}-${gap}{name: o${i}, newTag: 'x'}`);
    const lines = [...new Set(before), 'images:', ...rest, ...item, '# after', 'namePrefix: a-'];
    return lines.join(lineEnd) + (hasFinalNewline ? lineEnd : '');
  });

function fill(template: string, values: { readonly newTag: string; readonly digest: string }): string {
  return template.replace('«newTag»', values.newTag).replace('«digest»', values.digest);
}

describe('setImages in any layout', () => {
  it('changes the bytes of the values and nothing else, reads back, and is idempotent', () => {
    fc.assert(
      fc.property(layout, fc.stringMatching(/^[0-9a-f]{39}z$/), (template, newTag) => {
        const before = fill(template, { newTag: 'old', digest: other });

        const edit = setImages(before, [{ name: 'app', newTag, digest }], file);

        expect(edit).toEqual({ text: fill(template, { newTag, digest }), changed: true });
        expect(setImages(edit.text, [{ name: 'app', newTag, digest }], file).changed).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('reads back as set whatever the tag is, also where entry or section were missing', () => {
    const start = fc.oneof(
      layout.map((template) => fill(template, { newTag: 'old', digest: other })),
      layout.map((template) =>
        template
          .replace(/name: app/, 'name: b')
          .replaceAll('«', 'q')
          .replaceAll('»', 'q'),
      ),
      fc.constantFrom('namespace: qa', 'resources:\n- a\n', '{}', 'images: ~\n', 'images: [ ] # x\n', 'images:'),
    );
    fc.assert(
      fc.property(start, fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,60}$/), (before, newTag) => {
        const { text } = setImages(before, [{ name: 'app', newTag, digest }], file);

        const read = parse(text) as { images: Record<string, unknown>[] };
        expect(read.images.filter((image) => image['name'] === 'app')).toEqual([{ name: 'app', newTag, digest }]);
        expect(setImages(text, [{ name: 'app', newTag, digest }], file).changed).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
