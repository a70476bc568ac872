import pg from 'pg';
import { migrate, type Migration } from './migrate.ts';
import { translateFault } from './sql-faults.ts';

/** Bounds of every statement, in milliseconds: nothing waits for ever. */
const statementTimeoutMs = 30_000;

/**
 * A pool on a database whose schema is the newest.
 *
 * @param onError - told of idle connections that broke; the pool replaces them.
 */
export async function openPool(
  options: { readonly url: string; readonly connections: number; readonly onError: (error: unknown) => void },
  migrations: readonly Migration[],
): Promise<pg.Pool> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections,
    application_name: 'slipway store',
    connectionTimeoutMillis: 15_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 5_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  });
  pool.on('error', options.onError);
  try {
    await migrate(pool, migrations);
    return pool;
  } catch (error) {
    await pool.end();
    throw translateFault(error);
  }
}
