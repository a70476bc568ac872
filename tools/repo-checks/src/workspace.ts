import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The repository's top folder, absolute. Holds for this file's source and for its built form. */
export const root = path.resolve(import.meta.dirname, '../../..');

/** A package or app of the repository. */
export interface Member {
  /** From the top, as `docs/architecture.md` names it: `packages/git`. */
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Every folder of `packages`, `apps` and `tools` that has a package.json, by name. */
export function listMembers(): readonly Member[] {
  return ['packages', 'apps', 'tools']
    .flatMap((parent) => readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readText(`${folder}/package.json`)) as Manifest;
      return {
        folder,
        name: manifest.name,
        dependencies: Object.keys(manifest.dependencies ?? {}),
        devDependencies: Object.keys(manifest.devDependencies ?? {}),
      };
    });
}

/** Files that are in the repository or would be with the next `git add`, from the top, sorted. Deleted ones are left out. */
export function listFiles(): readonly string[] {
  const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 67_108_864,
    timeout: 30_000,
  });
  return [...new Set(output.split('\0'))].filter((file) => file !== '' && existsSync(path.join(root, file))).sort();
}

/** Files of ours in TypeScript: no declaration files, no examples, which are other people's by role. */
export function listSources(): readonly string[] {
  return listFiles().filter(
    (file) => /^(?:packages|apps|tools|tests|bench)\/.*\.tsx?$/.test(file) && !file.endsWith('.d.ts'),
  );
}

/** @param file - from the top */
export function readText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** Whether the file is only run by tests: it may import more, and be longer. */
export function isForTests(file: string): boolean {
  return (
    /\.(?:test|e2e)\.tsx?$/.test(file) ||
    /\/(?:test-support|testing|fixtures)\//.test(file) ||
    file.startsWith('packages/ports/src/contract/') ||
    file.startsWith('tests/')
  );
}
