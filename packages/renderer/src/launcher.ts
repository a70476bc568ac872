import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { HostError, runProgram, unprivilegedUser, type UnprivilegedUser } from '@slipway/host';
import type { Cancellable } from '@slipway/ports';
import { withWorkFolder, type WorkFolders } from './work-folder.ts';

/** What separates a render from the machine beside its own folder, widest first. */
export const renderIsolations = ['user-and-network', 'network', 'user', 'none'] as const;
export type RenderIsolation = (typeof renderIsolations)[number];

/** A way to start the program, found by trying. */
export interface Launcher {
  readonly isolation: RenderIsolation;
  /** Argument array that starts a program for a slot; the first element is the file to run. */
  command(program: string, slot: number): readonly string[];
  /** Who it runs as, when that is somebody else. */
  user(slot: number): UnprivilegedUser | undefined;
}

/** Address space of one render in bytes (delivery.md A3); Go reserves about 1 GB before it does anything. */
const addressSpaceBytes = 4_294_967_296;
/** Slots of ours among the users for builds; image builds count from 0. */
const firstSlot = 8_000;

/**
 * Finds the strongest way of starting the program that works on this machine, by a render: asking for the version alone would not show
 * that a user cannot reach the work folder.
 *
 * @param workDir - where work folders are made.
 * @returns also the program's own answer to `version --client`; nothing when it does not run at all.
 */
export async function chooseLauncher(
  program: string,
  workDir: string,
): Promise<{ readonly launcher: Launcher; readonly version: string } | undefined> {
  for (const launcher of launchers()) {
    const probe = { parent: workDir, files: [probeFile], owner: launcher.user(0) };
    try {
      const version = await withWorkFolder(probe, async (folders) => {
        await launch({ launcher, program, slot: 0 }, ['kustomize', folders.tree], { folders, ...probeLimits });
        const args = ['version', '--client', '--output=json'];
        return launch({ launcher, program, slot: 0 }, args, { folders, ...probeLimits });
      });
      return { launcher, version: version.toString('utf8') };
    } catch (error) {
      // This way does not work here; the next one asks less of the machine.
      if (!(error instanceof HostError)) throw error;
    }
  }
  return undefined;
}

/** Bounds of one start. */
export interface LaunchLimits extends Cancellable {
  readonly folders: WorkFolders;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * Runs the program in a work folder with an empty environment.
 *
 * @returns its standard output.
 * @throws HostError as `runProgram`.
 */
export async function launch(
  start: { readonly launcher: Launcher; readonly program: string; readonly slot: number },
  args: readonly string[],
  { folders, timeoutMs, maxBytes, signal }: LaunchLimits,
): Promise<Buffer> {
  const [file = start.program, ...lead] = start.launcher.command(start.program, start.slot);
  const { stdout } = await runProgram(file, [...lead, ...args], {
    cwd: folders.tree,
    // Nothing can be found on PATH, and no preferences are read.
    environment: { HOME: folders.home, PATH: folders.home, KUBECTL_KUBERC: 'false' },
    timeoutMs,
    maxBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  return stdout;
}

const probeLimits = { timeoutMs: 10_000, maxBytes: 65_536 } as const;
const probeFile = {
  path: 'kustomization.yaml',
  content: new TextEncoder().encode('configMapGenerator: [{name: probe, literals: [a=b]}]\n'),
};

function launchers(): readonly Launcher[] {
  const prlimit = findTool('prlimit');
  const limits = prlimit === undefined ? [] : [prlimit, `--as=${addressSpaceBytes}`];
  const user = (slot: number): UnprivilegedUser | undefined => unprivilegedUser('build', firstSlot + slot);
  const isRoot = user(0) !== undefined;
  const unshare = findTool('unshare');
  const setpriv = findTool('setpriv');
  const network =
    unshare === undefined
      ? undefined
      : isRoot
        ? [unshare, '--net']
        : [unshare, '--user', '--map-current-user', '--net'];
  const asUser = (slot: number): readonly string[] | undefined => dropTo(setpriv, user(slot));
  const nobody = (): undefined => undefined;
  const found: Launcher[] = [];
  if (isRoot && network !== undefined && setpriv !== undefined) {
    found.push({
      isolation: 'user-and-network',
      command: (program, slot) => [...network, ...limits, ...(asUser(slot) ?? []), program],
      user,
    });
  }
  if (network !== undefined) {
    found.push({ isolation: 'network', command: (program) => [...network, ...limits, program], user: nobody });
  }
  if (isRoot && setpriv !== undefined) {
    found.push({ isolation: 'user', command: (program, slot) => [...limits, ...(asUser(slot) ?? []), program], user });
  }
  return [...found, { isolation: 'none', command: (program) => [program], user: nobody }];
}

function dropTo(setpriv: string | undefined, user: UnprivilegedUser | undefined): readonly string[] | undefined {
  if (setpriv === undefined || user === undefined) return undefined;
  return [
    setpriv,
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--inh-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
  ];
}

function findTool(name: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
