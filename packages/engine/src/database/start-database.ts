import { socketFolder } from '@slipway/host';
import { chmod, chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../engine-error.ts';
import { accountName, ensureCluster } from './cluster.ts';
import { isPassing } from './connect.ts';
import type { Database } from './database.ts';
import { removeDeadDrafts } from './drafts.ts';
import { ensureDatabases } from './ensure-databases.ts';
import { runPostmaster, socketPort, stopPostmaster, type Postmaster } from './postmaster.ts';
import { findPrograms } from './programs.ts';
import { chooseServerUser, firstUnreachable, type ServerUser } from './server-user.ts';

/** A server that recovers or dies is one that accepts, or is gone, within seconds; a loaded machine takes longer. */
const acceptTimeoutMs = 60_000;
const acceptPauseMs = 100;

/**
 * Starts the embedded PostgreSQL of a state folder, or adopts the one that runs there. Listens on a Unix socket only, in
 * a private folder of its user; knows one account, with a generated password. As root it runs as `postgres` or `nobody`.
 *
 * Repeatable at any point of a crash: what an earlier start left half-done is completed or removed.
 *
 * @param options - `pgBin`: folder of the PostgreSQL programs to use in place of the packaged ones.
 * @throws {@link EngineError} `STATE_UNREACHABLE` naming the folder, `DATABASE_NO_USER`, `DATABASE_PROGRAM_MISSING`,
 *   `DATABASE_PASSWORD_MISSING`, `DATABASE_VERSION_MISMATCH`, `DATABASE_START_FAILED`.
 */
export async function startDatabase(options: {
  readonly stateDir: string;
  readonly pgBin?: string | undefined;
}): Promise<Database> {
  const user = chooseServerUser();
  const folder = await prepareFolder(options.stateDir, user);
  const programs = await findPrograms({ folder, user, pgBin: options.pgBin });
  const cluster = await ensureCluster(folder, programs, user);
  const sockets = socketFolder(options.stateDir, 'pg', user.uid);
  await chown(sockets, user.uid, user.gid);
  const place = { data: cluster.data, sockets, log: path.join(folder, 'postgres.log') };
  const query = new URLSearchParams({ host: sockets, port: String(socketPort) });
  const base = `postgresql://${accountName}:${cluster.password}@localhost`;
  const url = `${base}/slipway?${query.toString()}`;
  const metricsUrl = `${base}/slipway_metrics?${query.toString()}`;
  const postmaster = await runWithDatabases(() => runPostmaster(place, programs, user), [url, metricsUrl]);
  return {
    url,
    metricsUrl,
    isEmbedded: true,
    wasAdopted: postmaster.wasAdopted,
    stop: () => stopPostmaster(postmaster.identity),
  };
}

/**
 * A server found running may be dying just then, and another takes its place; or one of its backends was killed, and it
 * refuses connections until it has recovered. Whether its process is alive does not tell: one that is being killed closes
 * its sockets a moment before it is gone.
 */
async function runWithDatabases(run: () => Promise<Postmaster>, urls: readonly string[]): Promise<Postmaster> {
  const deadline = performance.now() + acceptTimeoutMs;
  for (;;) {
    const postmaster = await run();
    try {
      await ensureDatabases(urls);
      return postmaster;
    } catch (error) {
      if (!isPassing(error) || performance.now() >= deadline) throw error;
      await sleep(acceptPauseMs);
    }
  }
}

/** `<state>/pg` is ours: the server's user passes through it to its data folder, and reads nothing else. */
async function prepareFolder(stateDir: string, user: ServerUser): Promise<string> {
  const folder = path.join(path.resolve(stateDir), 'pg');
  await mkdir(folder, { recursive: true, mode: 0o711 });
  await chmod(folder, user.drop === undefined ? 0o700 : 0o711);
  const closed = firstUnreachable(folder, user);
  if (closed !== undefined) {
    throw new EngineError('STATE_UNREACHABLE', `${closed} is closed to uid ${user.uid}, which PostgreSQL runs as`, {
      facts: { folder: closed, uid: user.uid },
    });
  }
  await removeDeadDrafts(folder);
  return folder;
}
