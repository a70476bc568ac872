import { describe, expect, test } from 'vitest';
import { printErrorPage } from './error-page.ts';
import { readErrorTables } from './error-tables.ts';
import { readText } from './workspace.ts';

const entries = readErrorTables();

describe('error codes', () => {
  test('docs/errors.md is what `npm run golden:update` prints from the sources', () => {
    expect(entries.length).toBeGreaterThan(0);
    expect(readText('docs/errors.md')).toBe(printErrorPage(entries));
  });

  test('no code is used twice in the repository', () => {
    const places = new Map<string, string[]>();
    for (const { code, place } of entries) places.set(code, [...(places.get(code) ?? []), place]);

    expect([...places].filter(([, uses]) => uses.length > 1)).toEqual([]);
  });

  test('every code is SCREAMING_SNAKE', () => {
    expect(entries.filter(({ code }) => !/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(code))).toEqual([]);
  });

  test('every code says what to do next, as a sentence', () => {
    expect(entries.filter(({ next }) => !/^[A-Z`].*[.!]$/.test(next))).toEqual([]);
  });
});
