import { describe, expect, test } from 'vitest';
import path from 'node:path';
import { type ImportRule, readImportTable } from './import-table.ts';
import { parseSource, readImports } from './read-imports.ts';
import { isForTests, listMembers, listSources, type Member, readText } from './workspace.ts';

const members = listMembers();
const folders = members.map(({ folder }) => folder);
const rules = readImportTable(readText('docs/architecture.md'), folders);
const byName = new Map(members.map((member) => [member.name, member]));
const imports = listSources().flatMap((file) => {
  const owner = folderOf(file);
  return readImports(parseSource(file)).map((found) => ({ ...found, file, owner }));
});

/** `packages/git/src/a.ts` belongs to `packages/git`, `tests/e2e/a.ts` to `tests`. */
function folderOf(file: string): string {
  const [parent = '', name = ''] = file.split('/');
  return folders.includes(`${parent}/${name}`) ? `${parent}/${name}` : parent;
}

/** What a specifier means in the table's words: the package, but `ports/contract` by itself; undefined for foreign ones. */
function tableName(specifier: string): string | undefined {
  const name = /^@slipway\/(.+)$/.exec(specifier)?.[1];
  return name === 'ports/contract' ? name : name?.split('/')[0];
}

function isAllowed(rule: ImportRule | undefined, name: string, forTests: boolean): boolean {
  if (rule === undefined) return false;
  return rule.mayImport.has(name) || (forTests && (rule.testsAlso.has(name) || name === rule.folder.split('/')[1]));
}

/** From the first folder to the last, along declared dependencies; the shortest, for the message of a cycle. */
function pathBack(start: Member): readonly string[] | undefined {
  const queue: (readonly string[])[] = start.dependencies.map((name) => [start.name, name]);
  const seen = new Set<string>();
  for (let trail = queue.shift(); trail !== undefined; trail = queue.shift()) {
    const last = trail.at(-1) ?? '';
    if (last === start.name) return trail;
    if (seen.has(last)) continue;
    seen.add(last);
    for (const next of byName.get(last)?.dependencies ?? []) queue.push([...trail, next]);
  }
  return undefined;
}

describe('imports', () => {
  test('every package stands in the table of docs/architecture.md, and every row is a folder', () => {
    const rows = [...rules.keys()].filter((folder) => folder.includes('/'));

    expect(rows.sort()).toEqual([...folders].sort());
  });

  test('every import goes the way the table allows', () => {
    const broken = imports.flatMap(({ file, owner, specifier, line }) => {
      const name = tableName(specifier);
      if (name === undefined || isAllowed(rules.get(owner), name, isForTests(file))) return [];
      return [`${file}:${line} ${owner} -> ${name}`];
    });

    expect(broken).toEqual([]);
  });

  test('every declared dependency goes the way the table allows', () => {
    const broken = members.flatMap(({ folder, dependencies, devDependencies }) => {
      const rule = rules.get(folder);
      const wrong = (names: readonly string[], forTests: boolean): readonly string[] =>
        names.filter((name) => {
          const known = tableName(name);
          return known !== undefined && !isAllowed(rule, known, forTests);
        });
      return [...wrong(dependencies, false), ...wrong(devDependencies, true)].map(
        (name) => `${folder}/package.json: ${folder} -> ${name}`,
      );
    });

    expect(broken).toEqual([]);
  });

  test('whatever is imported is declared', () => {
    const undeclared = imports.flatMap(({ file, owner, specifier, line }) => {
      const member = members.find(({ folder }) => folder === owner);
      const name = tableName(specifier)?.split('/')[0];
      if (member === undefined || name === undefined || member.name === `@slipway/${name}`) return [];
      const declared = isForTests(file) ? [...member.dependencies, ...member.devDependencies] : member.dependencies;
      return declared.includes(`@slipway/${name}`) ? [] : [`${file}:${line} ${specifier}`];
    });

    expect(undeclared).toEqual([]);
  });

  test('no file reaches into the folder of another package', () => {
    const reaching = imports.flatMap(({ file, owner, specifier, line }) => {
      if (!specifier.startsWith('.') || !owner.includes('/')) return [];
      const target = path.posix.join(path.posix.dirname(file), specifier);
      return target.startsWith(`${owner}/`) ? [] : [`${file}:${line} ${specifier}`];
    });

    expect(reaching).toEqual([]);
  });

  test('only packages/engine knows the durable engine', () => {
    const knowing = imports.filter(
      ({ owner, specifier }) => specifier.startsWith('@dbos-inc/') && owner !== 'packages/engine',
    );

    expect(knowing.map(({ file, line }) => `${file}:${line}`)).toEqual([]);
  });

  test('no package depends on itself by way of others', () => {
    const cycles = members.map(pathBack).filter((trail) => trail !== undefined);

    expect(cycles.map((trail) => trail.join(' -> '))).toEqual([]);
  });
});
