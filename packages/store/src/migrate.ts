import type pg from 'pg';
import { StoreError } from './store-error.ts';

/** One step of a schema, never edited once released: what it got wrong a later one mends. */
export interface Migration {
  /** From 1, without a gap. */
  readonly version: number;
  readonly sql: string;
}

/**
 * Brings a database to the newest schema. Repeatable; of several processes one works and the others wait.
 *
 * @throws {@link StoreError} `STORE_NEWER` when a newer version of the program was here.
 */
export async function migrate(pool: pg.Pool, migrations: readonly Migration[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('slipway migrations', 0))`);
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_version (version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM schema_version',
    );
    const current = rows[0]?.version ?? 0;
    const newest = migrations.at(-1)?.version ?? 0;
    if (current > newest) {
      const facts = { found: current, known: newest };
      throw new StoreError('STORE_NEWER', `the database has schema ${current}, this program knows ${newest}`, {
        facts,
      });
    }
    for (const migration of migrations.filter((each) => each.version > current)) {
      await client.query(migration.sql);
      await client.query('INSERT INTO schema_version (version) VALUES ($1)', [migration.version]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
