import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomically } from '@slipway/host';

/** Folders of one installation; each part owns one. */
export interface StateFolder {
  readonly root: string;
  /** Keys and settings of the server, for its own eyes. */
  readonly server: string;
  readonly repositories: string;
  readonly registry: string;
  readonly content: string;
  readonly logs: string;
  readonly operator: string;
  readonly images: string;
}

/** Makes the folders; others may pass through the root (workspaces and images lie below it) but not look around. */
export async function openStateFolder(root: string): Promise<StateFolder> {
  const below = (name: string): string => path.join(root, name);
  const folder: StateFolder = {
    root: path.resolve(root),
    server: below('server'),
    repositories: below('repositories'),
    registry: below('registry'),
    content: below('content'),
    logs: below('logs'),
    operator: below('operator'),
    images: below('images'),
  };
  await mkdir(folder.root, { recursive: true });
  await chmod(folder.root, 0o711);
  for (const name of [
    folder.server,
    folder.repositories,
    folder.registry,
    folder.content,
    folder.logs,
    folder.operator,
    folder.images,
  ]) {
    await mkdir(name, { recursive: true, mode: 0o700 });
    await chmod(name, 0o700);
  }
  return folder;
}

/** A JSON file of the server folder; absent when it was never written. */
export async function readSetting<T>(folder: StateFolder, name: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder.server, name), 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writeSetting(folder: StateFolder, name: string, value: unknown): Promise<void> {
  await writeAtomically(path.join(folder.server, name), `${JSON.stringify(value, null, 2)}\n`);
}
