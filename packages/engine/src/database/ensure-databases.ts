import { databaseOf, sqlState, withConnection, withDatabase } from './connect.ts';

/** Made by somebody else meanwhile: its own error, or the unique index of the catalogue. */
const alreadyThere = ['42P04', '23505'];

/**
 * Makes the databases that are missing on one server; those that exist stay as they are.
 *
 * @param urls - of one server and account, which needs the right to create databases only if one is missing.
 */
export async function ensureDatabases(urls: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const url of urls) if (!(await exists(url))) missing.push(url);
  const [first] = missing;
  if (first === undefined) return;
  await withConnection(withDatabase(first, 'postgres'), async (client) => {
    for (const url of missing) {
      const name = databaseOf(url).replaceAll('"', '""');
      await client.query(`CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'UTF8'`).catch((error: unknown) => {
        if (!alreadyThere.includes(sqlState(error) ?? '')) throw error;
      });
    }
  });
}

async function exists(url: string): Promise<boolean> {
  try {
    await withConnection(url, (client) => client.query('SELECT 1'));
    return true;
  } catch (error) {
    if (sqlState(error) === '3D000') return false;
    throw error;
  }
}
