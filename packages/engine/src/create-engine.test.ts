import type { Effect } from '@slipway/ports';
import { startThrowawayDatabase, type ThrowawayDatabase } from '@slipway/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type EngineOptions } from './create-engine.ts';
import type { EffectFailure, EffectHandler, EngineLogger } from './effects/effect-handler.ts';
import { EngineError } from './engine-error.ts';

const silent = (): void => undefined;
const logger: EngineLogger = { debug: silent, info: silent, warn: silent, error: silent };

let database: ThrowawayDatabase;
let pool: pg.Pool;
let engine: Engine | undefined;
let keys = 0;

beforeAll(async () => {
  database = await startThrowawayDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 10 });
  pool.on('error', silent);
});

afterEach(async () => {
  await engine?.stop(0);
  engine = undefined;
});

afterAll(async () => {
  await pool.end();
  await database.stop();
});

function freshKey(): string {
  keys += 1;
  return `effect-${keys}`;
}

async function start(
  handlers: Readonly<Record<string, Partial<EffectHandler>>>,
  more: Partial<EngineOptions> = {},
): Promise<Engine> {
  const whole = Object.entries(handlers).map(([kind, handler]): [string, EffectHandler] => [
    kind,
    { queue: 'work', run: () => Promise.resolve(), failed: () => Promise.resolve(), ...handler },
  ]);
  engine = await createEngine({
    databaseUrl: database.url,
    executorId: 'here',
    handlers: Object.fromEntries(whole),
    queues: { work: { concurrency: 4 } },
    logger,
    onFenced: silent,
    // The engine before it let go of its lock; the server may take a while to notice.
    lockWaitMs: 10_000,
    ...more,
  });
  return engine;
}

async function enqueue(effect: Effect, end: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): Promise<void> {
  const queue = engine?.effectQueue();
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await queue?.enqueue(client, effect);
    await client.query(end);
  } finally {
    client.release();
  }
  queue?.committed?.([effect]);
}

async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await sleep(3);
  }
}

async function waitingForLocks(): Promise<number> {
  const sql = 'SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted';
  const { rows } = await pool.query<{ readonly waiting: number }>(sql);
  return rows[0]?.waiting ?? 0;
}

describe('effects', () => {
  it('run once with the payload they were committed with, and never again under the same key', async () => {
    const seen: unknown[] = [];
    await start({ note: { run: async (payload, { key }) => void seen.push([key, payload]) } });
    const key = freshKey();

    await enqueue({ kind: 'note', key, payload: { text: 'é\u0000', list: [1, { deep: true }] } });
    await until(async () => (await engine?.status(key)) === 'done');
    await enqueue({ kind: 'note', key, payload: { text: 'again' } });
    await sleep(300);

    expect(seen).toEqual([[key, { text: 'é\u0000', list: [1, { deep: true }] }]]);
  });

  it('leave nothing behind when their transaction rolls back', async () => {
    let runs = 0;
    await start({ note: { run: async () => void (runs += 1) } });
    const key = freshKey();

    await enqueue({ kind: 'note', key, payload: {} }, 'ROLLBACK');
    await sleep(300);

    expect(runs).toBe(0);
    expect(await engine?.status(key)).toBeUndefined();
  });

  it('start without waiting for a poll', async () => {
    let startedAt = 0;
    await start({ note: { run: async () => void (startedAt = performance.now()) } }, { pollMs: 60_000 });
    await sleep(50);

    await enqueue({ kind: 'note', key: freshKey(), payload: {} });
    await until(() => startedAt > 0);

    expect(startedAt).toBeGreaterThan(0);
  });

  it('are all done once when 200 transactions commit them at the same time', async () => {
    const runs = new Map<string, number>();
    await start({ note: { run: async (_, { key }) => void runs.set(key, (runs.get(key) ?? 0) + 1) } });
    const all = Array.from({ length: 200 }, freshKey);

    await Promise.all(all.map((key) => enqueue({ kind: 'note', key, payload: {} })));
    await until(() => runs.size === all.length);
    await sleep(100);

    expect([...runs.values()].filter((count) => count !== 1)).toEqual([]);
  });

  it('of one queue run at most as many at once as it has places, also while some pause', async () => {
    let running = 0;
    let most = 0;
    const attempts = new Map<string, number>();
    const run: EffectHandler['run'] = async (_, { key }) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(10);
      running -= 1;
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      if (attempt === 1) throw new EngineError('DATABASE_UNREACHABLE', 'first time');
    };
    await start({ note: { run } }, { queues: { work: { concurrency: 2 } } });
    const all = Array.from({ length: 12 }, freshKey);

    await Promise.all(all.map((key) => enqueue({ kind: 'note', key, payload: {} })));
    await until(() => all.every((key) => attempts.get(key) === 2));

    expect(most).toBe(2);
  });

  it('that pause between attempts leave their place to others', async () => {
    const done: string[] = [];
    const broken = (): Promise<never> => Promise.reject(new EngineError('DATABASE_UNREACHABLE', 'still'));
    await start(
      { broken: { run: broken }, note: { run: async (_, { key }) => void done.push(key) } },
      { queues: { work: { concurrency: 1 } } },
    );

    await enqueue({ kind: 'broken', key: freshKey(), payload: {} });
    await sleep(30);
    const key = freshKey();
    await enqueue({ kind: 'note', key, payload: {} });

    await until(() => done.includes(key));
    expect(done).toEqual([key]);
  });
});

describe('failures', () => {
  it.each([
    { title: 'at once', error: new EngineError('DATABASE_URL_INVALID', 'x'), maxAttempts: undefined, attempts: 1 },
    { title: 'after the handler’s bound', error: new Error('odd'), maxAttempts: 2, attempts: 2 },
  ])('are told to the handler once, $title', async ({ error, maxAttempts, attempts }) => {
    const told: EffectFailure[] = [];
    let runs = 0;
    const run = (): Promise<never> => {
      runs += 1;
      return Promise.reject(error);
    };
    await start({
      note: { run, failed: async (_, failure) => void told.push(failure), ...(maxAttempts && { maxAttempts }) },
    });
    const key = freshKey();

    await enqueue({ kind: 'note', key, payload: {} });
    await until(async () => (await engine?.status(key)) === 'failed');

    expect(runs).toBe(attempts);
    expect(told).toMatchObject([{ attempts, code: error instanceof EngineError ? error.code : 'UNKNOWN' }]);
  });

  it('are told again until the handler took them', async () => {
    let times = 0;
    const failed = (): Promise<void> => {
      times += 1;
      return times < 3 ? Promise.reject(new EngineError('DATABASE_URL_INVALID', 'x')) : Promise.resolve();
    };
    await start({ note: { run: () => Promise.reject(new EngineError('DATABASE_URL_INVALID', 'x')), failed } });
    const key = freshKey();

    await enqueue({ kind: 'note', key, payload: {} });
    await until(async () => (await engine?.status(key)) === 'failed');

    expect(times).toBe(3);
  });

  it('of a handler that is not there refuse the transaction', async () => {
    await start({ note: {} });

    await expect(enqueue({ kind: 'toString', key: freshKey(), payload: {} })).rejects.toMatchObject({
      code: 'EFFECT_KIND_UNKNOWN',
    });
  });
});

describe('cancel', () => {
  it('aborts a running effect at once, without a retry and without a failure', async () => {
    const events: string[] = [];
    const run: EffectHandler['run'] = async (_, { signal }) => {
      events.push('began');
      await sleep(60_000, undefined, { signal });
    };
    await start({ note: { run, failed: async () => void events.push('failed') } });
    const key = freshKey();
    await enqueue({ kind: 'note', key, payload: {} });
    await until(() => events.length === 1);

    await engine?.cancel(key);
    await engine?.cancel(key);
    expect(await engine?.drain(30_000)).toBe(true);

    expect(await engine?.status(key)).toBe('cancelled');
    expect(events).toEqual(['began']);
  });

  it('is on record before the running effect is aborted, so that its end is never taken for a failure', async () => {
    let signal: AbortSignal | undefined;
    const run: EffectHandler['run'] = async (_, context) => {
      signal = context.signal;
      await sleep(60_000, undefined, { signal });
    };
    await start({ note: { run } });
    const key = freshKey();
    await enqueue({ kind: 'note', key, payload: {} });
    await until(() => signal !== undefined);

    // Another session holds the record: the cancellation cannot be written yet.
    const holder = await pool.connect();
    let cancelled: Promise<void> | undefined;
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM dbos.workflow_status WHERE workflow_uuid = $1 FOR NO KEY UPDATE', [key]);
      cancelled = engine?.cancel(key);
      await until(async () => (await waitingForLocks()) > 0);
      expect(signal?.aborted).toBe(false);
    } finally {
      await holder.query('COMMIT');
      holder.release();
    }

    await cancelled;
    expect(signal?.aborted).toBe(true);
    expect(await engine?.drain(30_000)).toBe(true);
    expect(await engine?.status(key)).toBe('cancelled');
  });

  it('keeps an effect that waits from ever running', async () => {
    const ran: string[] = [];
    let release = silent;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    await start(
      { block: { run: () => blocked }, note: { run: async (_, { key }) => void ran.push(key) } },
      { queues: { work: { concurrency: 1 } } },
    );
    const [first, waiting, last] = [freshKey(), freshKey(), freshKey()];
    await enqueue({ kind: 'block', key: first, payload: {} });
    await until(async () => (await engine?.status(first)) === 'running');
    await enqueue({ kind: 'note', key: waiting, payload: {} });
    await enqueue({ kind: 'note', key: last, payload: {} });

    await engine?.cancel(waiting);
    release();
    await until(() => ran.includes(last));

    expect(ran).toEqual([last]);
  });
});

describe('stop', () => {
  it('waits for what ends in time; what it aborts runs again after the next start', async () => {
    const events: string[] = [];
    let endShort = silent;
    const shortEnds = new Promise<void>((resolve) => (endShort = resolve));
    let isFirstEngine = true;
    const run: EffectHandler['run'] = async (payload, { signal }) => {
      events.push(`began ${String(payload['name'])}`);
      if (payload['name'] === 'short') await shortEnds;
      else if (isFirstEngine) await sleep(600_000, undefined, { signal });
      events.push(`did ${String(payload['name'])}`);
    };
    await start({ note: { run } });
    const [short, long] = [freshKey(), freshKey()];
    await enqueue({ kind: 'note', key: short, payload: { name: 'short' } });
    await enqueue({ kind: 'note', key: long, payload: { name: 'long' } });
    await until(() => events.length === 2);

    const stopped = engine?.stop(3_000);
    endShort();
    await stopped;
    expect([...events].sort()).toEqual(['began long', 'began short', 'did short']);
    isFirstEngine = false;
    await start({ note: { run } });
    await until(async () => (await engine?.status(long)) === 'done');

    expect(events.slice(3)).toEqual(['began long', 'did long']);
    expect(await engine?.status(short)).toBe('done');
  });
});

describe('createEngine', () => {
  it('refuses a second engine in the process, and a queue without places', async () => {
    await start({ note: {} });

    const again = { databaseUrl: database.url, logger, onFenced: silent, lockWaitMs: 0 };
    const note = { queue: 'elsewhere', run: () => Promise.resolve(), failed: () => Promise.resolve() };
    await expect(createEngine({ ...again, executorId: 'b', handlers: {}, queues: {} })).rejects.toMatchObject({
      code: 'ENGINE_ALREADY_RUNS',
    });
    await expect(createEngine({ ...again, executorId: 'b', handlers: { note }, queues: {} })).rejects.toMatchObject({
      code: 'EFFECT_QUEUE_UNKNOWN',
    });
  });

  it('forgets what ended before a moment, and nothing else', async () => {
    await start({ note: {}, slow: { run: (_, { signal }) => sleep(60_000, undefined, { signal }) } });
    const [ended, running] = [freshKey(), freshKey()];
    await enqueue({ kind: 'note', key: ended, payload: {} });
    await enqueue({ kind: 'slow', key: running, payload: {} });
    await until(async () => (await engine?.status(ended)) === 'done');
    await until(async () => (await engine?.status(running)) === 'running');

    expect(await engine?.prune(new Date(Date.now() - 3_600_000))).toBe(0);
    expect(await engine?.prune(new Date(Date.now() + 60_000))).toBeGreaterThan(0);

    expect(await engine?.status(ended)).toBeUndefined();
    expect(await engine?.status(running)).toBe('running');
    await engine?.cancel(running);
  });
});
