import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { parseSource } from './read-imports.ts';
import { isForTests, listFiles, listSources, readText } from './workspace.ts';

const sources = listSources();
const nameless = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc']);

function countLines(file: string): number {
  return readText(file).trimEnd().split('\n').length;
}

function hasDefaultExport(file: string): boolean {
  return parseSource(file).statements.some(
    (statement) =>
      ts.isExportAssignment(statement) ||
      (ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) === true),
  );
}

describe('files', () => {
  test('no source is longer than 400 lines, no test than 600', () => {
    const long = sources.filter((file) => countLines(file) > (isForTests(file) ? 600 : 400));

    expect(long.map((file) => `${file}: ${countLines(file)}`)).toEqual([]);
  });

  test('names are kebab-case', () => {
    const odd = sources.filter((file) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.tsx?$/.test(path.basename(file)));

    expect(odd).toEqual([]);
  });

  test('nothing is exported by default but configuration', () => {
    const defaults = sources.filter((file) => !file.endsWith('.config.ts') && hasDefaultExport(file));

    expect(defaults).toEqual([]);
  });

  test('every folder and file is named after what it holds', () => {
    const vague = listFiles().filter(
      (file) =>
        !file.startsWith('examples/') &&
        file.split('/').some((part) => nameless.has(part.replace(/(?:\.test)?\.(?:tsx?|mjs|js)$/, ''))),
    );

    expect(vague).toEqual([]);
  });
});
