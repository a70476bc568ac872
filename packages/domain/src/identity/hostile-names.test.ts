import { describe, expect, it } from 'vitest';
import { DomainError, parseBranch, parseImageReference, parseName } from '../index.ts';

const parsers = [
  ['a branch', parseBranch, 'REF_NAME_INVALID'],
  ['an image reference', parseImageReference, 'IMAGE_REFERENCE_INVALID'],
  ['a name', parseName, 'NAME_INVALID'],
] as const;
const hostile = [
  '-x',
  '--upload-pack=touch /tmp/x',
  '-oProxyCommand=x',
  '',
  'a b',
  'a\nb',
  'a\0b',
  'a$(id)',
  '../x',
  'a/../b',
  '\u202etxt',
];

describe.each(parsers)('%s', (_name, parse, code) => {
  // Git takes `$(id)` in a branch: it is a text of people there, and reaches no shell.
  const refused =
    code === 'REF_NAME_INVALID' ? hostile.filter((text) => text !== 'a$(id)' && text !== '\u202etxt') : hostile;

  it.each(refused)('refuses %j with what was given', (text) => {
    let error: unknown;
    try {
      parse(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ code, retry: 'never' });
    expect((error as DomainError).message).toContain(JSON.stringify(text));
    expect((error as DomainError).message).toMatch(/\. [A-Z]/);
  });

  it('is not refused with a whole book in the message', () => {
    expect(() => parse(`-${'x'.repeat(1_000_000)}`)).toThrow(expect.objectContaining({ code }) as Error);
    try {
      parse(`-${'x'.repeat(1_000_000)}`);
    } catch (caught) {
      expect((caught as Error).message.length).toBeLessThan(1_000);
    }
  });
});
