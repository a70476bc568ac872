import { describe, expect, it } from 'vitest';
import { checkSettings, type SettingsFile } from './check-settings.ts';
import { printFault } from './fault.ts';

const file = (path: string, text: string): SettingsFile => ({ path, content: Buffer.from(text) });
const faults = (files: readonly SettingsFile[], schema?: object | string): readonly string[] =>
  checkSettings(
    files,
    schema === undefined
      ? undefined
      : file('shop/schema.json', typeof schema === 'string' ? schema : JSON.stringify(schema)),
  ).map(printFault);

const schema = {
  type: 'object',
  properties: { banner: { type: 'string' }, limits: { type: 'array', items: { type: 'integer', maximum: 10 } } },
  required: ['banner'],
  additionalProperties: false,
};

describe('checkSettings', () => {
  it('accepts files that fit, and leaves alone what is neither JSON nor YAML', () => {
    const files = [
      file('shop/qa/settings.json', '{"banner": "hi", "limits": [1, 2]}'),
      file('shop/prod/settings.yaml', 'banner: hi\n'),
      file('shop/prod/logo.svg', '<svg'),
    ];

    expect(faults(files, schema)).toEqual([]);
  });

  it('names file, line, column and path of every fault, of every file', () => {
    const files = [
      file('shop/qa/settings.yaml', 'banner: hi\nlimits:\n  - 1\n  - 11\nbaner: x\n'),
      file('shop/prod/settings.json', '{\n  "limits": []\n}\n'),
    ];

    expect(faults(files, schema)).toEqual([
      'shop/qa/settings.yaml:5:1: baner: unknown field; the schema does not have it',
      'shop/qa/settings.yaml:4:5: limits[1]: must be <= 10',
      'shop/prod/settings.json:1:1: banner: it is missing; the schema requires it',
    ]);
  });

  it.each([
    ['YAML that does not parse', 'a.yaml', 'a: [1', /^a\.yaml:\d+:\d+: /],
    ['JSON that only YAML reads', 'a.json', '{a: 1}', /not JSON/],
    ['two documents', 'a.yaml', 'a: 1\n---\nb: 2\n', /more than one document/],
    ['nothing', 'a.yaml', '', /empty/],
  ])('finds %s without any schema', (_what, path, text, said) => {
    expect(faults([file(path, text)])).toEqual([expect.stringMatching(said)]);
  });

  it.each([
    ['is no schema', '{"type": "nonsense"}', /not a JSON Schema/],
    ['is a list', '[]', /type|object/],
    ['points out of itself', '{"$ref": "https://example.org/other.json"}', /can't resolve reference/],
  ])('says so when the schema %s', (_what, text, said) => {
    expect(faults([file('a.json', '{}')], text)).toEqual([expect.stringMatching(said)]);
  });

  it('reads draft 2020-12 by its $schema', () => {
    const newer = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'array',
      prefixItems: [{ type: 'string' }],
    };

    expect(faults([file('a.json', '[1]')], newer)).toEqual(['a.json:1:2: [0]: must be string']);
  });

  it('gives up on a pattern that would hold up the server', () => {
    const slow = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } };

    expect(faults([file('a.json', JSON.stringify({ a: `${'a'.repeat(40)}!` }))], slow)).toEqual([
      expect.stringContaining('longer than 2000 ms'),
    ]);
  });
});
