import { describe, expect, it } from 'vitest';
import { compileGlobs } from './index.ts';

describe('compileGlobs', () => {
  it.each([
    ['src/**', 'src/a/b.js', true],
    ['src/**', 'srcx/a.js', false],
    ['**/*.js', 'a.js', true],
    ['**/*.js', 'x/y/a.js', true],
    ['services/*/package.json', 'services/web/package.json', true],
    ['services/*/package.json', 'services/web/x/package.json', false],
    ['*.ts', 'a/b.ts', false],
    ['a?c', 'abc', true],
    ['.npmrc', 'xnpmrc', false],
  ])('%s on %s is %s', (glob, path, expected) => {
    expect(compileGlobs([glob])(path)).toBe(expected);
  });

  it('answers a hostile glob without stalling', () => {
    expect(compileGlobs([`${'a*'.repeat(200)}b`])(`${'a'.repeat(5000)}c`)).toBe(false);
  });
});
