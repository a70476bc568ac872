import { InvariantError, type EvidenceStatement } from '@slipway/domain';
import { leafHash } from '@slipway/evidence';
import type { KeptStatement, StatementSigner } from '@slipway/ports';
import type { ClientBase, Pool } from 'pg';

type Connection = Pick<ClientBase | Pool, 'query'>;

interface StatementRow {
  readonly id: string;
  readonly kind: string;
  readonly envelope: string;
  readonly payload_digest: string;
  readonly recorded_at: Date;
  readonly log_index: string | null;
}

const columns = 'id, kind, envelope, payload_digest, recorded_at, log_index';

/** Signs a statement and keeps it, unless its id is kept already. @throws {@link InvariantError} for an unknown link. */
export async function insertStatement(
  connection: Connection,
  statement: EvidenceStatement,
  sealing: { readonly signer: StatementSigner; readonly at: string },
): Promise<void> {
  const { rows } = await connection.query<{ id: string; payload_digest: string }>(
    'SELECT id, payload_digest FROM statement WHERE id = ANY($1)',
    [[statement.id, ...statement.links]],
  );
  const digests = new Map(rows.map((row) => [row.id, row.payload_digest]));
  if (digests.has(statement.id)) return;
  const links = statement.links.map((id) => {
    const digest = digests.get(id);
    if (digest === undefined)
      throw new InvariantError(`statement "${statement.id}" links to "${id}", which is not kept`);
    return { id, digest };
  });
  const { envelope, payloadDigest } = sealing.signer.sign(statement, links, sealing.at);
  const leaf = Buffer.from(leafHash(Buffer.from(envelope))).toString('hex');
  // Two transactions may record one id at once: the second waits here for the first, and then changes nothing.
  await connection.query(
    `INSERT INTO statement (id, kind, envelope, payload_digest, leaf_hash, recorded_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
    [statement.id, statement.kind, envelope, payloadDigest, leaf, sealing.at],
  );
}

export async function readStatements(
  connection: Connection,
  query: { readonly ids: readonly string[] } | { readonly from: number; readonly limit: number },
): Promise<readonly KeptStatement[]> {
  const { rows } =
    'ids' in query
      ? await connection.query<StatementRow>(`SELECT ${columns} FROM statement WHERE id = ANY($1) ORDER BY position`, [
          query.ids,
        ])
      : await connection.query<StatementRow>(
          `SELECT ${columns} FROM statement WHERE log_index >= $1 ORDER BY log_index LIMIT $2`,
          [query.from, query.limit],
        );
  return rows.map(parseRow);
}

export async function readLeafHashes(connection: Connection, from: number, limit: number): Promise<readonly string[]> {
  const { rows } = await connection.query<{ leaf_hash: string }>(
    'SELECT leaf_hash FROM statement WHERE log_index >= $1 ORDER BY log_index LIMIT $2',
    [from, limit],
  );
  return rows.map((row) => row.leaf_hash);
}

/**
 * Gives the next indexes to all statements without one, and returns the log's size.
 *
 * Positions commit out of order, so a statement may appear whose position is smaller than that of a sequenced one: it is
 * unsequenced, so the next call takes it. The lock comes in a command of its own, so that the update sees all that the
 * holder before committed.
 */
export async function sequenceStatements(connection: Connection): Promise<number> {
  await connection.query(`SELECT pg_advisory_xact_lock(hashtextextended('slipway statement log', 0))`);
  await connection.query(`
    UPDATE statement SET log_index = place.log_index
    FROM (
      SELECT waiting.id, (SELECT coalesce(max(log_index) + 1, 0) FROM statement) + row_number() OVER (ORDER BY position) - 1
        AS log_index
      FROM statement AS waiting WHERE waiting.log_index IS NULL
    ) AS place
    WHERE statement.id = place.id`);
  const { rows } = await connection.query<{ size: string }>(
    'SELECT coalesce(max(log_index) + 1, 0) AS size FROM statement',
  );
  return Number(rows[0]?.size ?? 0);
}

function parseRow(row: StatementRow): KeptStatement {
  return {
    id: row.id,
    kind: row.kind,
    envelope: row.envelope,
    payloadDigest: row.payload_digest,
    recordedAt: row.recorded_at.toISOString(),
    ...(row.log_index === null ? {} : { index: Number(row.log_index) }),
  };
}
