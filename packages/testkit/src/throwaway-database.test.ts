import pg from 'pg';
import { expect, it } from 'vitest';
import { startThrowawayDatabase } from './throwaway-database.ts';

async function tablesOf(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const sql = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`;
    return (await client.query<{ tablename: string }>(sql)).rows.map((row) => row.tablename);
  } finally {
    await client.end();
  }
}

it('gives each caller empty databases on one server, which ends with the last of them', async () => {
  const [one, two] = await Promise.all([startThrowawayDatabase(), startThrowawayDatabase()]);
  const client = new pg.Client({ connectionString: one.url });
  await client.connect();
  await client.query('CREATE TABLE mine (x int)');
  await client.end();

  expect(await tablesOf(one.url)).toEqual(['mine']);
  expect(await tablesOf(two.url)).toEqual([]);
  expect(await tablesOf(one.metricsUrl)).toEqual([]);
  await one.stop();
  await one.stop();

  await expect(tablesOf(one.url)).rejects.toMatchObject({ code: '3D000' });
  expect(await tablesOf(two.url)).toEqual([]);
  await two.stop();
  await expect(tablesOf(two.url)).rejects.toMatchObject({ syscall: 'connect' });
});
