import { expect, it } from 'vitest';
import { flattenSettings } from './flatten-settings.ts';

const flat = (path: string, text: string): unknown => flattenSettings(path, Buffer.from(text));

it('takes maps and lists apart and keeps the kinds of values', () => {
  const text = 'a: {b: 1, "c.d": true}\nlist: [x, {y: 2}]\nnone: null\nempty: []\n';

  expect(flat('s.yaml', text)).toEqual({
    'a.b': 1,
    'a.c.d': true,
    'list[0]': 'x',
    'list[1].y': 2,
    none: '',
    empty: '',
  });
});

it('reads JSON and properties', () => {
  expect(flat('s.json', '{"a": {"b": "c"}}')).toEqual({ 'a.b': 'c' });
  expect(
    flat('s.properties', '# no\n! no\na=1\n  b : two \\\n   lines\nc three\nsp\\ ace=\\u00e9\\t\\=\nempty\n'),
  ).toEqual({ a: '1', b: 'two lines', c: 'three', 'sp ace': 'é\t=', empty: '' });
});

it.each([
  ['another kind of file', 'logo.svg', 'a: 1'],
  ['a list', 's.yaml', '- 1'],
  ['what cannot be read', 's.json', '{"a": '],
  ['two documents', 's.yaml', 'a: 1\n---\nb: 2'],
])('has nothing to say of %s', (_what, path, text) => {
  expect(flat(path, text)).toBeUndefined();
});
