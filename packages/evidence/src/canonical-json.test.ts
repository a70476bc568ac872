import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { EvidenceError } from './evidence-error.ts';

describe('canonicalJson', () => {
  it.each([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ '\u20ac': 1, '\r': 2, '1': 3, '\ud83d\ude02': 4, '\ufb33': 5 }, '{"\\r":2,"1":3,"€":1,"😂":4,"\ufb33":5}'],
    [[1e30, 4.5, 2e-3, 1e-27, -0], '[1e+30,4.5,0.002,1e-27,0]'],
    [{ gone: undefined, kept: null }, '{"kept":null}'],
    ['\u000f\n"\\/', '"\\u000f\\n\\"\\\\/"'],
  ])('prints %j as RFC 8785 says', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each([[NaN], [Infinity], ['\ud800'], [[undefined]], [1n], [new Date(0)], [new Map()], [cycle], [() => 1]])(
    'refuses what JSON cannot hold exactly (%#)',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(EvidenceError);
    },
  );

  it('reads back as the same value and prints the same again, in whatever order the keys came', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        const text = canonicalJson(plain);

        expect(JSON.parse(text)).toEqual(plain);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});
