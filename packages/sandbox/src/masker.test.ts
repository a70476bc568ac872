import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker, maskText } from './masker.ts';

/** The same answer, found the slow way: every occurrence of every secret, overlapping ones joined. */
function maskSlowly(secrets: readonly string[], text: string): string {
  const spans: [number, number][] = [];
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1))
      spans.push([at, at + secret.length]);
  }
  const joined: [number, number][] = [];
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
    const last = joined.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined.reduceRight((masked, [start, end]) => `${masked.slice(0, start)}***${masked.slice(end)}`, text);
}

function maskInChunks(secrets: readonly string[], text: string, cuts: readonly number[]): string {
  const masker = createMasker(secrets);
  const bytes = Buffer.from(text);
  const edges = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const parts = edges.slice(1).map((end, index) => masker.feed(bytes.subarray(edges[index], end)));
  return Buffer.concat([...parts, masker.flush()]).toString();
}

describe('masker', () => {
  it('gives the same output however the stream is cut, and what a slow search gives, for overlapping and nested secrets', () => {
    // A two-letter alphabet makes overlaps, nesting and false starts the rule.
    const secret = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 6, maxLength: 10 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'a', 'b', '-'), maxLength: 120 });

    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        text,
        fc.array(fc.nat(120)),
        (secrets, log, cuts) => {
          const whole = maskInChunks(secrets, log, []);

          expect(maskInChunks(secrets, log, cuts)).toBe(whole);
          expect(whole).toBe(maskSlowly(secrets, log));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('never lets through any form of a secret of any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 6, maxLength: 40 }), fc.nat(2), (secret, shift) => {
        const before = 'x'.repeat(shift);
        const base64 = Buffer.from(`${before}${secret}tail`).toString('base64');
        const printed = [secret, JSON.stringify(secret), Buffer.from(secret).toString('hex'), base64].join(' | ');

        const masked = maskText([secret], printed);

        expect(masked.split('***').length).toBeGreaterThanOrEqual(4);
        expect(masked).not.toContain(Buffer.from(secret).toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  it('joins overlapping secrets and keeps those apart that do not touch', () => {
    expect(maskText(['abcdefgh', 'efghijkl'], '<abcdefghijkl>')).toBe('<***>');
    expect(maskText(['password1', 'password123'], 'password123 password1!')).toBe('*** ***!');
    expect(maskText(['secret'], 'secretsecret')).toBe('******');
  });

  it('holds a beginning of a secret back and gives it out when it was none', () => {
    const masker = createMasker(['correct-horse']);

    expect(Buffer.from(masker.feed(Buffer.from('correct-'))).toString()).toBe('');
    expect(Buffer.from(masker.feed(Buffer.from('donkey'))).toString()).toBe('correct-donkey');
    expect(Buffer.from(masker.flush()).toString()).toBe('');
  });

  const value = `p&ss "w'rd"/ü\t$x`;
  it.each([
    ['raw', value],
    ['base64 at shift 0', Buffer.from(value).toString('base64')],
    ['base64 at shift 1', Buffer.from(`:${value}`).toString('base64')],
    ['base64 at shift 2', Buffer.from(`u:${value}`).toString('base64')],
    ['base64url', Buffer.from(value).toString('base64url')],
    ['URI', encodeURIComponent(value)],
    ['form', new URLSearchParams({ value }).toString()],
    ['JSON', JSON.stringify(value)],
    ['JSON with escaped slashes', JSON.stringify(value).replaceAll('/', '\\/')],
    ['ASCII JSON', `"p&ss \\"w'rd\\"/\\u00fc\\t$x"`],
    ['single-quoted shell', `'${value.replaceAll("'", "'\\''")}'`],
    ['double-quoted shell', `p&ss \\"w'rd\\"/ü\t\\$x`],
    ['Go-quoted', `"p&ss \\"w'rd\\"/ü\\t$x"`],
    ['XML', `<a b="p&amp;ss &quot;w&apos;rd&quot;/ü\t$x"/>`],
    ['hexadecimal', Buffer.from(value).toString('hex')],
  ])('masks the %s form', (_form, printed) => {
    const masked = maskText([value], `before ${printed} after`);

    expect(masked).toContain('***');
    expect(masked).toMatch(/^before .*after$/s);
    expect(masked.replaceAll('***', '').length).toBeLessThan('before  after'.length + 14);
  });

  it('masks the lines of a PEM block but not its frame, and no short line (actions/runner#326)', () => {
    const secret = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n{\n}\nabc\n-----END PRIVATE KEY-----\n';

    expect(maskText([secret], 'MIIEvQIBADANBg { } abc -----BEGIN PRIVATE KEY-----')).toBe(
      '*** { } abc -----BEGIN PRIVATE KEY-----',
    );
    expect(maskText([secret], `key: ${secret}`)).toBe('key: ***');
  });

  it('masks long members of a JSON secret and leaves secrets under 6 bytes alone', () => {
    const secret = JSON.stringify({ type: 'service', private: { token: 'tok-0123456789abcdef' } });

    expect(maskText([secret], 'service tok-0123456789abcdef')).toBe('service ***');
    expect(maskText(['12345', ''], '12345')).toBe('12345');
  });
});
