import { identifyProcess, isAlive, signalProcess, type ProcessIdentity } from '@slipway/host';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../engine-error.ts';
import type { DatabasePrograms } from './programs.ts';
import type { ServerUser } from './server-user.ts';

/** What a server runs on. */
export interface PostmasterPlace {
  readonly data: string;
  /** Folder of its Unix socket, owned by the server's user. */
  readonly sockets: string;
  readonly log: string;
}

export interface Postmaster {
  readonly identity: ProcessIdentity;
  readonly wasAdopted: boolean;
}

/** Part of the socket's file name; nothing listens on a TCP port. */
export const socketPort = 5432;
/** A killed postmaster's backends hold the folder until they notice, and one that stops until its sessions ended. */
const heldTimeoutMs = 60_000;
const pauseMs = 250;
/** Crash recovery replays at most `max_wal_size`. */
const readyTimeoutMs = 120_000;
const logLimitBytes = 16_777_216;

/**
 * The running server of a data folder: one that an earlier process of ours left behind, or a new one in a session of its
 * own, so that Ctrl-C in our terminal does not reach it. Two callers at once get the same server.
 *
 * @throws {@link EngineError} `DATABASE_START_FAILED` with the end of the log.
 */
export async function runPostmaster(
  place: PostmasterPlace,
  programs: DatabasePrograms,
  user: ServerUser,
): Promise<Postmaster> {
  const deadline = performance.now() + heldTimeoutMs;
  do {
    const running = findPostmaster(place.data, user);
    if (running?.isReady === true) return { identity: running.identity, wasAdopted: true };
    if (running === undefined) {
      const started = await startPostmaster(place, programs, user);
      if (started !== undefined) return { identity: started, wasAdopted: false };
    }
    await sleep(pauseMs);
  } while (performance.now() < deadline);
  throw new EngineError('DATABASE_START_FAILED', `PostgreSQL did not start: ${endOfLog(place.log)}`);
}

/**
 * Ends the server: SIGINT ends its sessions and writes a checkpoint; SIGQUIT after that costs the next start a recovery.
 *
 * @throws {@link EngineError} `DATABASE_STOP_FAILED` when it outlives both.
 */
export async function stopPostmaster(identity: ProcessIdentity): Promise<void> {
  const steps = [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
  ] as const;
  for (const [signal, timeoutMs] of steps) {
    signalProcess(identity, signal);
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (!isAlive(identity)) return;
      await sleep(5);
    }
  }
  throw new EngineError('DATABASE_STOP_FAILED', `PostgreSQL (pid ${identity.pid}) did not end`);
}

/** Started, or undefined when it ended at once: the folder is still held, or a sibling was faster. */
async function startPostmaster(
  place: PostmasterPlace,
  programs: DatabasePrograms,
  user: ServerUser,
): Promise<ProcessIdentity | undefined> {
  shortenLog(place.log);
  const log = openSync(place.log, 'a', 0o600);
  const settings = serverSettings(programs.major, place.sockets).flatMap((setting) => ['-c', setting]);
  const child = spawn(programs.postgres, ['-D', place.data, '-p', String(socketPort), ...settings], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    detached: true,
    stdio: ['ignore', log, log],
    ...user.drop,
  });
  closeSync(log);
  let failure: unknown;
  child.once('error', (error) => (failure = error));
  child.unref();
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  const deadline = performance.now() + readyTimeoutMs;
  while (identity !== undefined && isAlive(identity) && performance.now() < deadline) {
    const running = findPostmaster(place.data, user);
    if (running?.isReady === true && running.identity.pid === identity.pid) return identity;
    await sleep(5);
  }
  if (failure !== undefined) {
    throw new EngineError('DATABASE_START_FAILED', `${programs.postgres} does not run`, { cause: failure });
  }
  return undefined;
}

/**
 * The server that holds the data folder, by its own lock file. The lock may be stale and its pid another process by now:
 * only one of the server's user, started on this folder, counts.
 *
 * @see postgresql.org, src/include/utils/pidfile.h: lines of `postmaster.pid`.
 */
function findPostmaster(
  data: string,
  user: ServerUser,
): { readonly identity: ProcessIdentity; readonly isReady: boolean } | undefined {
  try {
    const lines = readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    const identity = identifyProcess(Number(lines[0]));
    if (identity === undefined) return undefined;
    const argv = readFileSync(`/proc/${identity.pid}/cmdline`, 'utf8').split('\0');
    if (!argv.includes(data) || statSync(`/proc/${identity.pid}`).uid !== user.uid) return undefined;
    return { identity, isReady: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/** Small, and as durable as PostgreSQL is by default: fsync and synchronous_commit stay on. */
function serverSettings(major: number, sockets: string): readonly string[] {
  return [
    'listen_addresses=',
    `unix_socket_directories=${sockets}`,
    'max_connections=40',
    'shared_buffers=32MB',
    'max_wal_size=256MB',
    'maintenance_work_mem=32MB',
    'huge_pages=off',
    'jit=off',
    'max_parallel_workers_per_gather=0',
    'autovacuum_max_workers=2',
    // Ours are repeated at once: see the store's transactions.
    'deadlock_timeout=200ms',
    'wal_level=minimal',
    'max_wal_senders=0',
    'log_checkpoints=off',
    'timezone=UTC',
    'log_timezone=UTC',
    // Asynchronous reads by worker processes: memory for nothing at this size.
    ...(major >= 18 ? ['io_method=sync'] : []),
  ];
}

function shortenLog(log: string): void {
  try {
    if (statSync(log).size > logLimitBytes) truncateSync(log, 0);
  } catch {
    // Not there yet.
  }
}

function endOfLog(log: string): string {
  try {
    return readFileSync(log, 'utf8').slice(-800).trim();
  } catch {
    return 'it wrote no log';
  }
}
