import { describe, expect, test } from 'vitest';
import { readImportTable } from './import-table.ts';

const members = ['packages/git', 'packages/testkit', 'apps/slipway'];

describe('readImportTable', () => {
  test('reads the rows that name a folder, and nothing else of the page', () => {
    const page =
      '| word | a | b | c |\n|---|---|---|---|\n| `packages/git` | Git | domain, ports | testkit, ports/contract |\n';

    const rule = readImportTable(page, members).get('packages/git');

    expect([...(rule?.mayImport ?? [])]).toEqual(['domain', 'ports']);
    expect([...(rule?.testsAlso ?? [])]).toEqual(['testkit', 'ports/contract']);
  });

  test('takes "any package" for all but testkit, and "nothing" for none', () => {
    const rule = readImportTable('| `apps/slipway` | program | any package | nothing |', members).get('apps/slipway');

    expect([...(rule?.mayImport ?? [])]).toEqual(['git']);
    expect(rule?.testsAlso.size).toBe(0);
  });

  test.each([
    ['a doubled row', '| `packages/git` | a | b | c |\n| `packages/git` | a | b | c |'],
    ['a row without the cell for tests', '| `packages/git` | a | b |'],
  ])('refuses %s', (_what, page) => {
    expect(() => readImportTable(page, members)).toThrow('packages/git');
  });
});
