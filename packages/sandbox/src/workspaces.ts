import { HostError, runProgram, type UnprivilegedUser } from '@slipway/host';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { killMarked } from './marked-processes.ts';
import type { Slot } from './slots.ts';

/** Folders of one stage. The outer one is the server's, so the stage can never put a link in the place of an inner one. */
export interface Workspace {
  readonly folder: string;
  readonly workspace: string;
  readonly home: string;
  readonly scratch: string;
  /** Environment entry by which processes of this stage are found again, also after a crash of the server. */
  readonly marker: string;
}

const innerNames = ['workspace', 'home', 'scratch'] as const;
const deleteTimeoutMs = 300_000;

/** Names the folders of a key; nothing is made. */
export function locateWorkspace(root: string, key: string): Workspace {
  return atFolder(path.join(root, createHash('sha256').update(key).digest('hex').slice(0, 40)));
}

/** Makes the folders of a stage anew: what a crash left under the same key is ended and deleted first. */
export async function openWorkspace(place: Workspace, slot: Slot): Promise<void> {
  await removeWorkspace(place);
  mkdirSync(place.folder, { mode: 0o711 });
  chmodSync(place.folder, 0o711);
  for (const name of innerNames) {
    const inner = path.join(place.folder, name);
    mkdirSync(inner, { mode: 0o700 });
    if (slot.user !== undefined) chownSync(inner, slot.user.uid, slot.user.gid);
  }
}

/** Ends what still runs in it and deletes it, as its owner. Nothing to do when it is not there. */
export async function removeWorkspace(place: Workspace): Promise<void> {
  if (!existsSync(place.folder)) return;
  await killMarked(place.marker);
  await deleteWorkspace(place);
}

/** Deletes the folders of a stage none of whose processes lives. The server itself opens nothing that the stage made. */
export async function deleteWorkspace(place: Workspace): Promise<void> {
  const folders = innerNames.map((name) => path.join(place.folder, name)).filter((inner) => !removeEmpty(inner));
  const owners = folders.map((inner) => lstatSync(inner).uid);
  for (const owner of new Set(owners)) {
    // A crash may have come before a folder was given to the stage's uid.
    await emptyAs(
      owner,
      folders.filter((_inner, index) => owners[index] === owner),
    );
  }
  for (const inner of folders) rmdirSync(inner);
  rmSync(place.folder, { recursive: true, force: true });
}

/** True when the folder is gone: a stage that came to its end has emptied it. */
function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** Clears every workspace that an earlier server left. */
export async function sweepWorkspaces(root: string): Promise<number> {
  const names = readdirSync(root);
  for (const name of names) await removeWorkspace(atFolder(path.join(root, name)));
  return names.length;
}

function atFolder(folder: string): Workspace {
  const [workspace, home, scratch] = innerNames.map((name) => path.join(folder, name));
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 40);
  return {
    folder,
    workspace: workspace ?? folder,
    home: home ?? folder,
    scratch: scratch ?? folder,
    marker: `SLIPWAY_STAGE=${digest}`,
  };
}

async function emptyAs(owner: number, folders: readonly string[]): Promise<void> {
  const user: UnprivilegedUser | undefined =
    process.getuid?.() === 0 && owner !== 0 ? { uid: owner, gid: owner } : undefined;
  const options = { ...user, cwd: '/', timeoutMs: deleteTimeoutMs };
  const empty = () => runProgram('find', [...folders, '-xdev', '-mindepth', '1', '-delete'], options);
  try {
    await empty();
  } catch (error) {
    // Folders without the bits that deleting needs are given them; `chmod -R` follows no link below its arguments.
    if (!(error instanceof HostError) || error.code !== 'PROCESS_FAILED') throw error;
    await runProgram('chmod', ['-R', 'u+rwX', '--', ...folders], options);
    await empty();
  }
}
