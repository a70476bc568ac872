import type { EffectQueue } from '@slipway/ports';
import { metricsStoreContract, plainSigner, storeContract, type StoreUnderTest } from '@slipway/ports/contract';
import { startThrowawayDatabase, type ThrowawayDatabase } from '@slipway/testkit';
import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetricsStore } from './create-metrics-store.ts';
import { createStore, type OpenStore } from './create-store.ts';

const debianBin = '/usr/lib/postgresql/15/bin';
const servers = [
  { name: 'embedded PostgreSQL', options: {} },
  ...(existsSync(debianBin) ? [{ name: 'PostgreSQL 15 of Debian', options: { pgBin: debianBin } }] : []),
];

/** An effect queue of one table: transactional like the real one. */
const tableQueue: EffectQueue = {
  enqueue: async (connection, effect) => {
    if (!(connection instanceof pg.Client)) throw new Error('not a pg client');
    await connection.query('INSERT INTO enqueued (key) VALUES ($1) ON CONFLICT DO NOTHING', [effect.key]);
  },
};

async function openStore(url: string, onError: (error: unknown) => void = () => undefined): Promise<OpenStore> {
  const clock = (): string => new Date().toISOString();
  return createStore({ url, signer: plainSigner, effects: tableQueue, clock, onError });
}

async function ask<T extends object>(url: string, sql: string): Promise<readonly T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

for (const { name, options } of servers) {
  storeContract(name, async (): Promise<StoreUnderTest> => {
    const database = await startThrowawayDatabase(options);
    await ask(database.url, 'CREATE TABLE enqueued (key text PRIMARY KEY)');
    const [store, replica] = await Promise.all([openStore(database.url), openStore(database.url)]);
    return {
      store,
      replica,
      enqueued: async () =>
        (await ask<{ key: string }>(database.url, 'SELECT key FROM enqueued')).map((row) => row.key),
      close: async () => {
        await Promise.all([store.close(), replica.close()]);
        await database.stop();
      },
    };
  });

  metricsStoreContract(name, async () => {
    const database = await startThrowawayDatabase(options);
    const store = await createMetricsStore({ url: database.metricsUrl });
    return {
      store,
      close: async () => {
        await store.close();
        await database.stop();
      },
    };
  });
}

describe('createStore', () => {
  let database: ThrowawayDatabase;
  let store: OpenStore;
  const faults: unknown[] = [];

  beforeAll(async () => {
    database = await startThrowawayDatabase();
    store = await openStore(database.url, (error) => faults.push(error));
  });

  afterAll(async () => {
    await store.close();
    await database.stop();
  });

  it('has the schema of the golden file, after one start or several', async () => {
    await (await openStore(database.url)).close();
    const metrics = await createMetricsStore({ url: database.metricsUrl });
    await metrics.close();

    const schema = [await describeSchema(database.url), await describeSchema(database.metricsUrl)].join('\n');
    await expect(schema).toMatchFileSnapshot('__golden__/schema.sql');
  });

  it('refuses a database that a newer version was at work on', async () => {
    await ask(database.url, 'INSERT INTO schema_version (version) VALUES (9999)');

    await expect(openStore(database.url)).rejects.toMatchObject({ code: 'STORE_NEWER' });
    await ask(database.url, 'DELETE FROM schema_version WHERE version = 9999');
  });

  it('says that PostgreSQL cannot be reached, without the password', async () => {
    const gone = new URL(database.url);
    gone.searchParams.set('host', '/nowhere');

    await expect(openStore(gone.href)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.not.stringContaining(gone.password),
    });
  });

  it.each(['a\u0000b', '\ud800 alone'])(
    'refuses the text %j, which jsonb cannot hold, as the caller’s fault',
    async (subject) => {
      const item = { id: 'i', account: 'a', kind: 'failure', body: '', link: '', createdAt: '', subject } as const;

      await expect(store.transact((tx) => tx.put('inboxItem', 'i', item))).rejects.toMatchObject({
        code: 'STORE_VALUE_REFUSED',
        retry: 'never',
      });
      expect(await store.get('inboxItem', 'i')).toBeUndefined();
    },
  );

  it('does not commit what goes on after a swallowed fault', async () => {
    const item = { id: 'j', account: 'a', kind: 'failure', subject: '', body: '', link: '', createdAt: '' } as const;

    const swallowed = store.transact(async (tx) => {
      await tx.put('inboxItem', 'j', item);
      await tx.put('inboxItem', 'k', { ...item, subject: '\u0000' }).catch(() => undefined);
    });

    await expect(swallowed).rejects.toMatchObject({ name: 'InvariantError' });
    expect(await store.get('inboxItem', 'j')).toBeUndefined();
  });

  it('serves and tells again after all its connections were cut', async () => {
    const replica = await openStore(database.url);
    const told: string[] = [];
    store.onChange((change) => told.push(change.id));
    store.onChange(() => {
      throw new Error('a listener of no manners');
    });
    const item = { id: 'x', account: 'a', kind: 'failure', subject: '', body: '', link: '', createdAt: '' } as const;

    await ask(
      database.url,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
    );
    const deadline = performance.now() + 30_000;
    for (let count = 0; !told.some((id) => id.startsWith('cut-')) && performance.now() < deadline; count += 1) {
      await replica.transact((tx) => tx.put('inboxItem', `cut-${count}`, item)).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await replica.close();

    expect(told.some((id) => id.startsWith('cut-'))).toBe(true);
    expect(faults.some((fault) => fault instanceof Error && fault.message.includes('no manners'))).toBe(true);
  });
});

/**
 * The schema of a database as text, for the golden file: the same on every version of PostgreSQL.
 */
async function describeSchema(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string; columns: string }>(`
      SELECT c.relname AS name, string_agg(format('  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
        CASE WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
          ELSE coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') END), E',\\n' ORDER BY a.attnum) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE n.nspname = 'public' AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname`);
    const indexes = await client.query<{ definition: string }>(
      `SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = 'public' ORDER BY tablename, indexname`,
    );
    return [
      ...tables.rows.map((table) => `CREATE TABLE ${table.name} (\n${table.columns}\n);`),
      ...indexes.rows.map((index) => `${index.definition};`),
      '',
    ].join('\n');
  } finally {
    await client.end();
  }
}
