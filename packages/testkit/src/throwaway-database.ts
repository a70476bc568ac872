import { startDatabase, type Database } from '@slipway/engine';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';

/** Two databases of their own, empty. */
export interface ThrowawayDatabase {
  readonly url: string;
  readonly metricsUrl: string;
  /** Drops them; the last one in this process ends the server. Repeatable. */
  stop(): Promise<void>;
}

interface Server {
  readonly database: Database;
  readonly stateDir: string;
}

interface SharedServer {
  readonly starting: Promise<Server>;
  users: number;
}

/** One server a test process and kind: starting one costs half a second, a database some milliseconds. */
const servers = new Map<string, SharedServer>();

/**
 * A fresh database on a real PostgreSQL in a temporary folder, embedded by default.
 *
 * @param options - `pgBin`: folder of other PostgreSQL programs, such as Debian's.
 */
export async function startThrowawayDatabase(options: { readonly pgBin?: string } = {}): Promise<ThrowawayDatabase> {
  const kind = options.pgBin ?? 'embedded';
  const shared = servers.get(kind) ?? { starting: startServer(options.pgBin), users: 0 };
  servers.set(kind, shared);
  shared.users += 1;
  const server = await shared.starting;
  const name = `t_${randomBytes(6).toString('hex')}`;
  const names = [name, `${name}_metrics`];
  for (const each of names) await administer(server, `CREATE DATABASE ${each}`);
  let stopped: Promise<void> | undefined;
  return {
    url: withDatabase(server.database.url, name),
    metricsUrl: withDatabase(server.database.url, `${name}_metrics`),
    stop: () => (stopped ??= stop(kind, shared, names)),
  };
}

async function startServer(pgBin: string | undefined): Promise<Server> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'slipway-test-'));
  chmodSync(stateDir, 0o711);
  // A test process that ends without stop() leaves no server behind, unless it is killed.
  const end = (): void => {
    endNow(stateDir);
  };
  process.once('exit', end);
  const database = await startDatabase({ stateDir, pgBin });
  return { database, stateDir };
}

async function stop(kind: string, shared: SharedServer, names: readonly string[]): Promise<void> {
  shared.users -= 1;
  const server = await shared.starting;
  if (shared.users > 0) {
    for (const name of names) await administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    return;
  }
  servers.delete(kind);
  await server.database.stop();
  removeFolders(server);
}

function removeFolders(server: Server): void {
  rmSync(server.stateDir, { recursive: true, force: true });
  const sockets = new URL(server.database.url).searchParams.get('host');
  if (sockets !== null) rmSync(sockets, { recursive: true, force: true });
}

function endNow(stateDir: string): void {
  try {
    const lock = readFileSync(path.join(stateDir, 'pg/data/postmaster.pid'), 'utf8');
    process.kill(Number(lock.split('\n')[0]), 'SIGQUIT');
  } catch {
    // Stopped already.
  }
  rmSync(stateDir, { recursive: true, force: true });
}

async function administer(server: Server, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.database.url, statement_timeout: 30_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
