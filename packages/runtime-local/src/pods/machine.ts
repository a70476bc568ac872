import { HostError, runProgram, unprivilegedUser } from '@slipway/host';
import { chmod, copyFile, link, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '../runtime-error.ts';

/** What this machine lets pods have; found out by trying, at the start of the runtime. */
export interface Machine {
  /** A pod's own loopback, or the machine's with a `PORT` for each pod. */
  readonly network: 'namespace' | 'shared';
  /** The image's root is the root, or only Node images run, by the host's Node. */
  readonly root: 'image' | 'host-node';
  /** Leads every relay's command line. */
  readonly namespaceCommand: readonly string[];
  /** Leads every container's command line. */
  readonly execPrefix: readonly string[];
  /** A Node that the pods' users can reach. */
  readonly nodePath: string;
}

/** What to leave out though the machine has it, for tests and for machines where it misbehaves. */
export interface MachineLimits {
  readonly withoutNamespaces?: boolean;
  readonly withoutBubblewrap?: boolean;
}

const namespaceFlags = ['--net', '--pid', '--fork', '--kill-child'] as const;

/** Tries what there is. `binDir` may get a copy of Node when the pods' users cannot reach ours. */
export async function inspectMachine(binDir: string, limits: MachineLimits, signal: AbortSignal): Promise<Machine> {
  const isRoot = process.getuid?.() === 0;
  // As root the relay itself lowers its uid; without, a user namespace gives it the right to a network of its own.
  const unshare = ['unshare', ...(isRoot ? [] : ['--user', '--map-current-user', '--keep-caps']), ...namespaceFlags];
  const hasNamespaces = limits.withoutNamespaces !== true && (await works([...unshare, 'true'], signal));
  const hasSetpriv = await works(['setpriv', '--no-new-privs', 'true'], signal);
  const dropCapabilities = isRoot ? [] : ['--ambient-caps=-all', '--inh-caps=-all'];
  const execPrefix = hasSetpriv ? ['setpriv', ...dropCapabilities, '--no-new-privs'] : [];
  const canBind = hasNamespaces && limits.withoutBubblewrap !== true && (await bubblewrapWorks(signal));
  return {
    network: hasNamespaces ? 'namespace' : 'shared',
    root: canBind ? 'image' : 'host-node',
    namespaceCommand: hasNamespaces ? unshare : [],
    execPrefix,
    nodePath: await reachableNode(binDir),
  };
}

/** The flags that pods use, as the user that pods run as. */
async function bubblewrapWorks(signal: AbortSignal): Promise<boolean> {
  const flags = [
    '--unshare-user',
    '--unshare-ipc',
    '--unshare-uts',
    '--die-with-parent',
    '--tmpfs',
    '/',
    '--ro-bind',
    '/usr',
    '/usr',
  ];
  const links = ['lib', 'lib64', 'bin'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]);
  const command = ['bwrap', ...flags, ...links, '--proc', '/proc', '--dev', '/dev', 'true'];
  const user = unprivilegedUser('pod', 0);
  if (user === undefined) return works(command, signal);
  return works(['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...command], signal);
}

async function works(command: readonly string[], signal: AbortSignal): Promise<boolean> {
  const [program = '', ...args] = command;
  try {
    await runProgram(program, args, { timeoutMs: 10_000, signal });
    return true;
  } catch (error) {
    if (error instanceof HostError) return false;
    throw error;
  }
}

/** Our own Node when every folder above it lets others pass, else a link or copy of it in `binDir`. */
async function reachableNode(binDir: string): Promise<string> {
  if ((await blockingFolder(process.execPath)) === undefined) return process.execPath;
  await mkdir(binDir, { recursive: true });
  await chmod(binDir, 0o755);
  const file = path.join(binDir, `node-${process.version}`);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) await link(process.execPath, file).catch(() => copyFile(process.execPath, file));
  return file;
}

/**
 * Makes sure that the pods' users can reach a folder of ours. Not as root there is one user, and nothing to check.
 *
 * @throws {@link RuntimeError} `RUNTIME_FOLDER_UNREACHABLE`; the fact `folder` is the one that blocks.
 */
export async function assertReachable(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const blocking = await blockingFolder(folder);
  if (blocking === undefined) return;
  throw new RuntimeError(
    'RUNTIME_FOLDER_UNREACHABLE',
    `pods run unprivileged and may not pass through ${blocking} to ${folder}`,
    {
      facts: { folder: blocking },
    },
  );
}

async function blockingFolder(file: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (let folder = path.resolve(file); folder !== '/'; folder = path.dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return folder;
  }
  return undefined;
}
