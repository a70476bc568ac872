import { databaseOf, withDatabase } from './connect.ts';
import type { Database } from './database.ts';
import { ensureDatabases } from './ensure-databases.ts';

/**
 * An external PostgreSQL server. Makes the two databases if they are missing.
 *
 * @param options - `metricsUrl` by default is the same server's database with `_metrics` added to its name.
 * @throws {@link EngineError} `DATABASE_URL_INVALID`, `DATABASE_UNREACHABLE`.
 */
export async function useDatabase(options: {
  readonly url: string;
  readonly metricsUrl?: string | undefined;
}): Promise<Database> {
  const metricsUrl = options.metricsUrl ?? withDatabase(options.url, `${databaseOf(options.url)}_metrics`);
  for (const url of [options.url, metricsUrl]) await ensureDatabases([url]);
  return { url: options.url, metricsUrl, isEmbedded: false, wasAdopted: true, stop: () => Promise.resolve() };
}
