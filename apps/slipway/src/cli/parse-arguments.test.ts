import { describe, expect, it } from 'vitest';
import { parseAuthor, parseCount, parseDuration, parseImagePin, parseInstant } from './parse-arguments.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseAuthor', () => {
  it.each([
    ['Ann Lee <ann@example.org>', { name: 'Ann Lee', email: 'ann@example.org' }],
    ['  Żaneta Ó <z@example.org> ', { name: 'Żaneta Ó', email: 'z@example.org' }],
    ['Bot<bot@localhost>', { name: 'Bot', email: 'bot@localhost' }],
  ])('reads %s', (text, signature) => {
    expect(parseAuthor(text)).toEqual(signature);
  });

  it.each([
    '',
    'Ann',
    '<ann@example.org>',
    'Ann <>',
    'Ann <ann>',
    'Ann <a@b> <c@d>',
    '... <a@b>',
    'Ann\nCo-authored-by: Bob <bob@b>',
    'Ann\u0000 <a@b>',
    'Ann <a@b> trailing',
  ])('refuses %j', (text) => {
    expect(() => parseAuthor(text)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }) as Error);
  });
});

describe('parseImagePin', () => {
  it('takes a name apart from where the image is pulled from', () => {
    expect(parseImagePin(`guestbook/web=127.0.0.1:7780/guestbook/web:4f2a@${digest}`)).toEqual({
      name: 'guestbook/web',
      newName: '127.0.0.1:7780/guestbook/web',
      newTag: '4f2a',
      digest,
    });
  });

  it('leaves the new name out when it is the old one', () => {
    expect(parseImagePin(`web=web:1@${digest}`)).toEqual({ name: 'web', newTag: '1', digest });
  });

  it.each(['', 'web', `=web:1@${digest}`, 'web=web:1', `web=web@${digest}`, `web=web:1@${digest}=x`])(
    'refuses %j',
    (text) => {
      expect(() => parseImagePin(text)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }) as Error);
    },
  );

  it.each([`web=-x:1@${digest}`, `web=../x:1@${digest}`, `web=web:1@sha256:abc`, `we b=web:1@${digest}`])(
    'refuses a reference that is none: %j',
    (text) => {
      expect(() => parseImagePin(text)).toThrow(expect.objectContaining({ code: 'IMAGE_REFERENCE_INVALID' }) as Error);
    },
  );
});

describe('times and counts', () => {
  it('reads durations, days and counts', () => {
    expect([parseDuration('250ms'), parseDuration('20m'), parseDuration('1h')]).toEqual([250, 1_200_000, 3_600_000]);
    expect(parseInstant('2026-01-31')).toBe('2026-01-31T00:00:00.000Z');
    expect(parseInstant('2026-01-31T12:00Z')).toBe('2026-01-31T12:00:00.000Z');
    expect(parseCount('17')).toBe(17);
  });

  it.each([
    [parseDuration, '5x'],
    [parseDuration, '-5m'],
    [parseDuration, ''],
    [parseInstant, '2026-13-01'],
    [parseInstant, '2026-01-31T12:00:00'],
    [parseInstant, 'yesterday'],
    [parseCount, '0'],
    [parseCount, '1e3'],
  ])('%o refuses %j', (parse, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }) as Error);
  });
});
