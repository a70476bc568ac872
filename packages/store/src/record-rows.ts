import type { RecordNoun, Records } from '@slipway/domain';
import type { Match, RecordReader, Stored } from '@slipway/ports';
import type { ClientBase, Pool } from 'pg';

type Connection = Pick<ClientBase | Pool, 'query'>;
type ListQuery<N extends RecordNoun> = NonNullable<Parameters<RecordReader['list']>[1]> & {
  readonly match?: Match<Records[N]>;
};

interface RecordRow {
  readonly id: string;
  readonly doc: unknown;
  readonly version: number;
  readonly updated_at: Date;
}

/** A record with the id that it is kept under. */
export interface Found<T> extends Stored<T> {
  readonly id: string;
}

const columns = 'id, doc, version, updated_at';
const defaultLimit = 1_000;

/** @param lock - `FOR UPDATE` keeps others from changing the row until the transaction ends. */
export async function readRecord<N extends RecordNoun>(
  connection: Connection,
  name: { readonly noun: N; readonly id: string },
  lock: '' | 'FOR UPDATE' = '',
): Promise<Found<Records[N]> | undefined> {
  const sql = `SELECT ${columns} FROM record WHERE noun = $1 AND id = $2 ${lock}`;
  const { rows } = await connection.query<RecordRow>(sql, [name.noun, name.id]);
  return rows[0] && parseRow<N>(rows[0]);
}

export async function listRecords<N extends RecordNoun>(
  connection: Connection,
  noun: N,
  query: ListQuery<N> = {},
): Promise<readonly Found<Records[N]>[]> {
  const order = query.newestFirst === true ? 'DESC' : 'ASC';
  const sql = `SELECT ${columns} FROM record WHERE noun = $1 AND doc @> $2::jsonb ORDER BY position ${order} LIMIT $3`;
  const values = [noun, JSON.stringify(query.match ?? {}), query.limit ?? defaultLimit];
  const { rows } = await connection.query<RecordRow>(sql, values);
  return rows.map((row) => parseRow<N>(row));
}

/** The document is what {@link Records} says: only this package writes the table, and only from that type. */
function parseRow<N extends RecordNoun>(row: RecordRow): Found<Records[N]> {
  return {
    id: row.id,
    value: row.doc as Records[N],
    version: row.version,
    updatedAt: row.updated_at.toISOString(),
  };
}

/** Without the id, which the interface does not show. */
export function asStored<T>(found: Found<T>): Stored<T> {
  return { value: found.value, version: found.version, updatedAt: found.updatedAt };
}
