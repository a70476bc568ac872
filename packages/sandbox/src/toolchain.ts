import { writeAtomically, type UnprivilegedUser } from '@slipway/host';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SandboxError } from './sandbox-error.ts';

/** What every stage may read and run. */
export interface Toolchain {
  /** Folders that appear in the sandbox under the same path, read-only. */
  readonly folders: readonly string[];
  /** Links of the root folder, such as `/bin` to `usr/bin`: link, target. */
  readonly links: readonly (readonly [string, string])[];
  /** The stage's PATH. */
  readonly path: string;
  /** The running Node. */
  readonly node: string;
  /** Folder of the driver and relay scripts, readable by all. */
  readonly assets: string;
}

const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'] as const;
const systemPath = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';
const assetNames = ['driver.sh', 'enter-namespaces.sh', 'relay.mjs'] as const;

/**
 * Lays out what stages read: our scripts copied to `folder` (the program may lie where a stage's uid cannot go), and
 * the running Node, copied as well when it lies under a private home.
 *
 * @param extra - more folders, for compilers outside `/usr`.
 */
export async function prepareToolchain(
  folder: string,
  user: UnprivilegedUser | undefined,
  extra: readonly string[],
): Promise<Toolchain> {
  const assets = path.join(folder, 'assets');
  makePassable(assets);
  for (const name of assetNames) {
    await writeReadable(path.join(assets, name), await readFile(new URL(`../assets/${name}`, import.meta.url)));
  }
  await writeReadable(path.join(assets, 'hosts'), '127.0.0.1 localhost stage\n::1 localhost\n');
  const found = systemFolders.filter((name) => existsSync(name));
  const links = found.filter((name) => lstatSync(name).isSymbolicLink());
  const prefix = nodePrefix(folder, user);
  const isSystemNode = found.some((name) => `${prefix}/`.startsWith(`${name}/`));
  return {
    folders: [...found.filter((name) => !links.includes(name)), ...(isSystemNode ? [] : [prefix]), ...extra],
    links: links.map((name) => [name, readlinkSync(name)] as const),
    path: isSystemNode ? systemPath : `${prefix}/bin:${systemPath}`,
    node: path.join(prefix, 'bin', 'node'),
    assets,
  };
}

/** A folder that every uid may pass through but not list. */
export function makePassable(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  chmodSync(folder, 0o711);
}

/** A file that every uid may read, whatever the server's umask. */
export async function writeReadable(file: string, content: string | Uint8Array): Promise<void> {
  await writeAtomically(file, content, 0o644);
  chmodSync(file, 0o644);
}

/** @throws {@link SandboxError} `WORKSPACE_UNREACHABLE` naming the first folder on the way that the user cannot pass. */
export function requireReachable(target: string, user: UnprivilegedUser | undefined): void {
  const blocked = user === undefined ? undefined : blockingFolder(target, user);
  if (blocked === undefined) return;
  throw new SandboxError(
    'WORKSPACE_UNREACHABLE',
    `Stages run as uid ${user?.uid ?? 0}, which cannot pass through ${blocked} to reach ${target}`,
    { facts: { folder: blocked } },
  );
}

function blockingFolder(target: string, user: UnprivilegedUser): string | undefined {
  const parts = realpathSync(target).split('/').slice(1);
  const folders = parts.map((_part, index) => `/${parts.slice(0, index + 1).join('/')}`);
  return folders.find((folder) => {
    const { mode, uid, gid } = lstatSync(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    return (mode & bit) === 0;
  });
}

function nodePrefix(folder: string, user: UnprivilegedUser | undefined): string {
  const node = realpathSync(process.execPath);
  const prefix = path.dirname(path.dirname(node));
  const isUsual = path.basename(path.dirname(node)) === 'bin' && prefix !== '/';
  if (isUsual && (user === undefined || blockingFolder(node, user) === undefined)) return prefix;
  return copyNode(node, isUsual ? prefix : undefined, path.join(folder, `node-${process.version}`));
}

function copyNode(node: string, prefix: string | undefined, target: string): string {
  if (existsSync(target)) return target;
  const draft = `${target}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(path.join(draft, 'bin'), { recursive: true, mode: 0o755 });
  cpSync(node, path.join(draft, 'bin', 'node'));
  const links = ['bin/npm', 'bin/npx', 'bin/corepack', 'lib/node_modules/npm', 'lib/node_modules/corepack'];
  for (const name of prefix === undefined ? [] : links) {
    const source = path.join(prefix ?? '', name);
    if (existsSync(source)) cpSync(source, path.join(draft, name), { recursive: true, verbatimSymlinks: true });
  }
  for (const name of ['', 'bin', 'lib', 'lib/node_modules']) {
    if (existsSync(path.join(draft, name))) chmodSync(path.join(draft, name), 0o755);
  }
  renameSync(draft, target);
  return target;
}
