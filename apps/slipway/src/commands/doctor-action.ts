import { access, chmod, constants, mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { healthView, notificationChannelsView, type NotificationChannelsView } from '@slipway/api';
import { CodedError } from '@slipway/domain';
import { HostError, runProgram, unprivilegedUser } from '@slipway/host';
import { createStageExecutor } from '@slipway/sandbox';
import { printable, printTable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { createApiClient } from '../client/api-client.ts';
import { findServer } from '../client/settings.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { readNpmSettings } from '../platform/npm-settings.ts';
import { describeChannel } from './describe-channel.ts';
import type { DoctorOptions } from './doctor.ts';

/** One thing looked at. `weak`: it works, with less. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'weak' | 'missing';
  readonly found: string;
  /** What to do; absent when nothing. */
  readonly next?: string;
}

const programMs = 10_000;
const leastBytes = 2_147_483_648;
const connectMs = 5_000;

/** Looks at everything, never stops at the first; missing parts make the exit code 1. */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<ExitCode | undefined> {
  context.progress('Looking…');
  const findings = [
    checkNode(process.versions.node),
    await checkGit(context),
    await checkIsolation(),
    await checkNamespaces(context),
    await checkState(options.state),
    await checkDisk(options.state),
    await checkPort(),
    await checkRegistry(context),
    await checkServer(context, options),
    ...(await checkNotifications(context, options)),
  ];
  context.answer({ findings }, () =>
    printable(
      printTable(
        findings.map(({ name, state, found, next }) => [state, name, next === undefined ? found : `${found}. ${next}`]),
      ),
    ),
  );
  return findings.some(({ state }) => state === 'missing') ? exitCodes.failed : undefined;
}

/** Node 20.20 or newer. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isGood = major > 20 || (major === 20 && minor >= 20);
  const found = `Node ${version}`;
  return isGood
    ? { name: 'node', state: 'ok', found }
    : { name: 'node', state: 'missing', found, next: 'Install Node 20.20 or newer.' };
}

async function checkGit(context: CommandContext): Promise<Finding> {
  const name = 'git';
  const next = 'Install Git 2.39 or newer.';
  try {
    const { stdout } = await runProgram('git', ['--version'], { timeoutMs: programMs, signal: context.signal });
    const found = stdout.toString().trim();
    const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(found) ?? []).slice(1).map(Number);
    return major > 2 || (major === 2 && minor >= 39)
      ? { name, state: 'ok', found }
      : { name, state: 'missing', found, next };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { name, state: 'missing', found: 'Git does not run', next };
  }
}

async function checkIsolation(): Promise<Finding> {
  const name = 'isolation';
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-doctor-'));
  // Stages run as another user, who must get through.
  await chmod(folder, 0o711);
  try {
    const { facts } = await createStageExecutor({ stateDir: folder, internalHosts: [] });
    const found = `stages run under "${facts.isolation}"${facts.because === '' ? '' : ` (${facts.because})`}`;
    if (facts.isolation === 'bubblewrap') return { name, state: 'ok', found };
    const next = 'Install bubblewrap (package bubblewrap) for the strongest isolation.';
    // Without network and file isolation pull requests of strangers are not run at all.
    const isUsable = facts.isNetworkIsolated && facts.areFilesIsolated;
    return { name, state: isUsable ? 'weak' : 'missing', found, next };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { name, state: 'missing', ...told(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkNamespaces(context: CommandContext): Promise<Finding> {
  const name = 'namespaces';
  const user = await unprivilegedUserOf();
  try {
    await runProgram('unshare', ['--user', '--map-root-user', '--net', '--mount', 'true'], {
      timeoutMs: programMs,
      signal: context.signal,
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    return { name, state: 'ok', found: 'unprivileged user, network and mount namespaces' };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const isMissing = error.code === 'PROGRAM_MISSING';
    const next = isMissing
      ? 'Install util-linux.'
      : 'Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0).';
    return {
      name,
      state: 'missing',
      found: isMissing ? 'unshare is not on this machine' : 'user namespaces are refused',
      next,
    };
  }
}

/** As root the question is what an unprivileged user may. */
async function unprivilegedUserOf(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  return process.getuid?.() === 0 ? unprivilegedUser('stage', 0) : undefined;
}

async function checkState(stateDir: string): Promise<Finding> {
  const name = 'state folder';
  const folder = await nearest(stateDir);
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return {
      name,
      state: 'missing',
      found: `${folder} cannot be written`,
      next: 'Name another folder with --state or SLIPWAY_STATE.',
    };
  }
  for (let parent = folder; parent !== path.dirname(parent); parent = path.dirname(parent)) {
    const isPassable = ((await stat(parent)).mode & 0o001) !== 0;
    if (isPassable || process.getuid?.() !== 0) continue;
    return {
      name,
      state: 'missing',
      found: `${parent} lets no other user through`,
      next: `Stages and database run as other users: chmod o+x ${parent}, or another --state.`,
    };
  }
  return { name, state: 'ok', found: path.resolve(stateDir) };
}

async function checkDisk(stateDir: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearest(stateDir));
  const free = bavail * bsize;
  const found = `${(free / 1_073_741_824).toFixed(1)} GiB free`;
  if (free >= leastBytes) return { name: 'disk', state: 'ok', found };
  return { name: 'disk', state: 'missing', found, next: 'Free at least 2 GiB.' };
}

/** The folder itself, or the nearest one above it that is there. */
async function nearest(folder: string): Promise<string> {
  let at = path.resolve(folder);
  while ((await stat(at).catch(() => undefined)) === undefined && at !== path.dirname(at)) at = path.dirname(at);
  return at;
}

async function checkPort(): Promise<Finding> {
  for (let port = 7780; port < 8780; port++) {
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return { name: 'port', state: 'ok', found: `127.0.0.1:${port} is free` };
  }
  return {
    name: 'port',
    state: 'missing',
    found: 'no port from 7780 to 8779 is free',
    next: 'Name one with `slipway up --port`.',
  };
}

/** Only whether something listens where npm is told to go; nothing is asked of it. */
async function checkRegistry(context: CommandContext): Promise<Finding> {
  const name = 'npm registry';
  const { host } = await readNpmSettings(context.environment.npm, context.environment.path);
  const colon = host.lastIndexOf(':');
  const isOpen = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: host.slice(0, colon), port: Number(host.slice(colon + 1)), timeout: connectMs });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
  if (isOpen) return { name, state: 'ok', found: 'the configured registry is reachable' };
  return {
    name,
    state: 'weak',
    found: 'the configured registry is not reachable',
    next: 'Stages that install packages fail: check `npm config get registry` and the network.',
  };
}

async function checkServer(context: CommandContext, options: DoctorOptions): Promise<Finding> {
  const name = 'server';
  try {
    const server = await findServer(context, options);
    if (server === undefined)
      return {
        name,
        state: 'weak',
        found: 'no server is known',
        next: 'Start one with `slipway up`, then `slipway login`.',
      };
    const client = createApiClient({ ...server, signal: context.signal, timeoutMs: connectMs });
    const { version } = await client.get('/api/v1/health', healthView);
    return { name, state: 'ok', found: `${server.url} answers (version ${version})` };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { name, state: 'weak', ...told(error) };
  }
}

/** Channels of the server, where one answers and has any; what is wrong with asking, `server` has said. */
async function checkNotifications(context: CommandContext, options: DoctorOptions): Promise<readonly Finding[]> {
  try {
    const server = await findServer(context, options);
    if (server === undefined) return [];
    const client = createApiClient({ ...server, signal: context.signal, timeoutMs: connectMs });
    const { channels } = await client.get('/api/v1/notification-channels', notificationChannelsView);
    return channels.filter(({ state }) => state !== 'off').map(judgeChannel);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return [];
  }
}

/** A channel that fails, or gave messages up, works with less. */
export function judgeChannel(channel: NotificationChannelsView['channels'][number]): Finding {
  const name = 'notifications';
  const found = describeChannel(channel);
  if (channel.state === 'failing')
    return { name, state: 'weak', found, next: 'What waits is sent once it answers; see docs/notifications.md.' };
  const [last] = channel.lastGivenUp;
  if (last === undefined) return { name, state: 'ok', found };
  return { name, state: 'weak', found, next: `The last one: ${last.why}` };
}

/** The two halves of an error's message. */
function told(error: CodedError): Pick<Finding, 'found' | 'next'> {
  return { found: error.message.replace(error.next, '').replace(/[.\s]+$/, ''), next: error.next };
}
