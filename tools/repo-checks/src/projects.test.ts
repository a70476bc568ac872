import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { listMembers, readText, root } from './workspace.ts';

interface Project {
  readonly compilerOptions?: { readonly noEmit?: boolean };
  readonly references?: readonly { readonly path: string }[];
}

const members = listMembers();
const byName = new Map(members.map((member) => [member.name, member]));

function readProject(file: string): Project {
  return JSON.parse(readText(file)) as Project;
}

/** Folders that a project refers to, from the top. */
function referencesOf(file: string): readonly string[] {
  return (readProject(file).references ?? []).map((reference) =>
    path.posix.join(path.posix.dirname(file), reference.path),
  );
}

/** What `tsc -b` builds; the dashboard is bundled and has a project only to be checked. */
const built = members.filter(({ folder }) => {
  const file = `${folder}/tsconfig.json`;
  return existsSync(path.join(root, file)) && readProject(file).compilerOptions?.noEmit !== true;
});

describe('compiler projects', () => {
  test('every member has one, and the top refers to each that is built', () => {
    expect(members.filter(({ folder }) => !existsSync(path.join(root, folder, 'tsconfig.json')))).toEqual([]);
    expect([...referencesOf('tsconfig.json')].sort()).toEqual(built.map(({ folder }) => folder).sort());
  });

  test.each(built.map((member) => [member.folder, member] as const))(
    'the references of %s are its dependencies',
    (folder, member) => {
      const dependencies = member.dependencies.flatMap((name) => byName.get(name)?.folder ?? []);

      expect([...referencesOf(`${folder}/tsconfig.json`)].sort()).toEqual(dependencies.sort());
    },
  );
});
