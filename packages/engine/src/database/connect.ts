import pg from 'pg';
import { EngineError } from '../engine-error.ts';

/** Bounds of one-off connections, in milliseconds. */
const connectTimeoutMs = 15_000;
const statementTimeoutMs = 30_000;

/**
 * Runs `work` on a connection of its own.
 *
 * @throws {@link EngineError} `DATABASE_UNREACHABLE`; the URL's password is in no message.
 */
export async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 5_000,
  });
  // A connection that breaks between two queries fails the next one; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    if (sqlState(error) === '3D000') throw error;
    throw new EngineError('DATABASE_UNREACHABLE', `no connection to ${placeOf(url)}`, { cause: error });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The five characters of an SQLSTATE; absent for other errors. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** A server says these while it starts, recovers or stops: admin_shutdown, crash_shutdown, cannot_connect_now. */
const passingStates = ['57P01', '57P02', '57P03'];

/** Tells whether the server may accept a moment later: it said so, or the connection broke before it said anything. */
export function isPassing(error: unknown): boolean {
  const cause = error instanceof EngineError && error.code === 'DATABASE_UNREACHABLE' ? error.cause : error;
  const state = sqlState(cause);
  return state === undefined || passingStates.includes(state);
}

/** The same server's other database. */
export function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(name)}`;
  return other.href;
}

/** Name of the URL's database. */
export function databaseOf(url: string): string {
  return decodeURIComponent(parseDatabaseUrl(url).pathname.slice(1));
}

/** @throws {@link EngineError} `DATABASE_URL_INVALID`, without the text: it may hold a password. */
export function parseDatabaseUrl(url: string): URL {
  if (!URL.canParse(url)) throw new EngineError('DATABASE_URL_INVALID', 'the database URL cannot be read');
  const parsed = new URL(url);
  const isPostgres = parsed.protocol === 'postgresql:' || parsed.protocol === 'postgres:';
  if (!isPostgres || parsed.pathname.length < 2) {
    throw new EngineError('DATABASE_URL_INVALID', 'the database URL names no PostgreSQL database');
  }
  return parsed;
}

function placeOf(url: string): string {
  const parsed = parseDatabaseUrl(url);
  return `${parsed.searchParams.get('host') ?? parsed.host}${parsed.pathname}`;
}
