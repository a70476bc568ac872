import { chown, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { joinInside, type UnprivilegedUser } from '@slipway/host';
import type { ClosureFile } from '@slipway/ports';

/** A work folder older than this was left by a process that died: a render takes seconds. */
const staleMs = 600_000;

/** The two parts of a work folder: what was written, and nothing. */
export interface WorkFolders {
  readonly tree: string;
  readonly home: string;
}

/**
 * Runs something over files written to a fresh folder, and removes the folder whatever happens.
 *
 * @param owner - who alone may enter it; default the caller.
 * @throws HostError `PATH_OUTSIDE_ROOT` for a path that leaves the folder.
 */
export async function withWorkFolder<Result>(
  place: {
    readonly parent: string;
    readonly files: readonly ClosureFile[];
    readonly owner: UnprivilegedUser | undefined;
  },
  work: (folders: WorkFolders) => Promise<Result>,
): Promise<Result> {
  const root = path.join(place.parent, randomBytes(9).toString('hex'));
  const tree = path.join(root, 'tree');
  const home = path.join(root, 'home');
  try {
    await mkdir(root, { mode: 0o700 });
    await mkdir(tree);
    await mkdir(home);
    const folders = await writeFiles(tree, place.files);
    if (place.owner !== undefined) await handOver([...folders, home, root], place.owner);
    return await work({ tree, home });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Removes what killed processes left behind. */
export async function removeStaleWork(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = path.join(parent, name);
    const age =
      Date.now() -
      (await lstat(folder).then(
        (found) => found.mtimeMs,
        () => Date.now(),
      ));
    if (age > staleMs) await rm(folder, { recursive: true, force: true });
  }
}

/** @returns everything made, the tree itself too. */
async function writeFiles(tree: string, files: readonly ClosureFile[]): Promise<readonly string[]> {
  const made = new Set<string>([tree]);
  for (const { path: relative, content } of files) {
    const file = joinInside(tree, relative);
    await makeFolders(path.dirname(file), made);
    // `wx`: a path given twice is a fault, and nothing is written through a link.
    await writeFile(file, content, { flag: 'wx', mode: 0o600 });
    made.add(file);
  }
  return [...made];
}

async function makeFolders(folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return;
  await makeFolders(path.dirname(folder), made);
  await mkdir(folder);
  made.add(folder);
}

// Without a umask's help or harm: the user of the render owns what it reads, and nobody else may enter.
async function handOver(paths: readonly string[], owner: UnprivilegedUser): Promise<void> {
  for (const one of paths) await chown(one, owner.uid, owner.gid);
}
