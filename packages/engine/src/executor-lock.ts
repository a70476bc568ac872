import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { EngineError } from './engine-error.ts';

/** Held by a session: the server lets go of it when the process or its connection ends. */
export interface ExecutorLock {
  /** Runs `work` if that executor's lock is free, so its process is gone; false when it lives. */
  withDead(executorId: string, work: () => Promise<void>): Promise<boolean>;
  /** Counts the lock as lost, and throws, when the connection does not answer. */
  check(): Promise<void>;
  release(): Promise<void>;
}

const queryTimeoutMs = 10_000;
const lockSql = (name: 'try_advisory_lock' | 'advisory_unlock'): string =>
  `SELECT pg_${name}(hashtextextended('slipway executor ' || $1, 0)) AS held`;

/**
 * Takes the lock of an executor id.
 *
 * @param options - `waitMs`: how long a process that just died may keep it; `onLost` is called once if the connection
 *   breaks: another replica may take over our work from then on, so this process must end.
 * @throws {@link EngineError} `EXECUTOR_ALREADY_RUNS`, `DATABASE_UNREACHABLE`.
 */
export async function lockExecutor(options: {
  readonly url: string;
  readonly executorId: string;
  readonly waitMs: number;
  readonly onLost: (error: unknown) => void;
}): Promise<ExecutorLock> {
  const client = new pg.Client({
    connectionString: options.url,
    connectionTimeoutMillis: 15_000,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    application_name: 'slipway executor lock',
  });
  let isReleased = false;
  const lose = (error: unknown): void => {
    if (isReleased) return;
    isReleased = true;
    options.onLost(error);
  };
  let isHeld = false;
  client.on('error', (error) => {
    if (isHeld) lose(error);
  });
  client.on('end', () => {
    if (isHeld) lose(new Error('connection ended'));
  });
  try {
    await client.connect();
    // A server far away must notice within half a minute that this machine is gone.
    await client.query('SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3');
    await acquire(client, options);
    isHeld = true;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (error instanceof EngineError) throw error;
    throw new EngineError('DATABASE_UNREACHABLE', 'the executor lock cannot be taken', { cause: error });
  }
  return {
    withDead: (executorId, work) => withDead(client, executorId, work),
    check: async () => {
      await client.query('SELECT 1').catch((error: unknown) => {
        // No answer in time: the connection hangs, and the server may have given the lock away.
        lose(error);
        throw error;
      });
    },
    release: async () => {
      isReleased = true;
      await client.end().catch(() => undefined);
    },
  };
}

async function acquire(
  client: pg.Client,
  options: { readonly executorId: string; readonly waitMs: number },
): Promise<void> {
  const deadline = performance.now() + options.waitMs;
  while (!(await tryLock(client, options.executorId))) {
    if (performance.now() >= deadline) {
      const facts = { executor: options.executorId };
      throw new EngineError('EXECUTOR_ALREADY_RUNS', `executor "${options.executorId}" runs in another process`, {
        facts,
      });
    }
    await sleep(50);
  }
}

async function tryLock(client: pg.Client, executorId: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(lockSql('try_advisory_lock'), [executorId]);
  return rows[0]?.held === true;
}

async function withDead(client: pg.Client, executorId: string, work: () => Promise<void>): Promise<boolean> {
  if (!(await tryLock(client, executorId))) return false;
  try {
    await work();
  } finally {
    await client.query(lockSql('advisory_unlock'), [executorId]);
  }
  return true;
}
