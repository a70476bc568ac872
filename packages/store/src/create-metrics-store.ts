import type { MetricPoint, MetricsStore } from '@slipway/ports';
import type { Pool } from 'pg';
import { metricsMigrations } from './metrics-schema.ts';
import { openPool } from './open-pool.ts';
import { translateFault } from './sql-faults.ts';

/** A metrics store that somebody must close. */
export interface OpenMetricsStore extends MetricsStore {
  close(): Promise<void>;
}

interface PointRow {
  readonly key: string;
  readonly name: string;
  readonly at: Date;
  readonly value: number;
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
}

const batchSize = 1_000;
const defaultLimit = 1_000;

/**
 * The metrics store on a PostgreSQL database of its own; brings the schema to its newest version first.
 *
 * @throws {@link StoreError} `STORE_UNAVAILABLE`, `STORE_NEWER`.
 */
export async function createMetricsStore(options: {
  readonly url: string;
  /** Told of connections that broke. @default ignored */
  readonly onError?: (error: unknown) => void;
  /** @default 3 */
  readonly connections?: number;
}): Promise<OpenMetricsStore> {
  const { url, connections = 3, onError = () => undefined } = options;
  const pool = await openPool({ url, connections, onError }, metricsMigrations);
  return {
    write: (points) => writePoints(pool, points),
    query: (query) => queryPoints(pool, query),
    close: () => pool.end(),
  };
}

async function writePoints(pool: Pool, points: readonly MetricPoint[]): Promise<void> {
  for (let start = 0; start < points.length; start += batchSize) {
    const batch = JSON.stringify(points.slice(start, start + batchSize));
    await pool
      .query(
        `INSERT INTO metric_point (key, name, at, value, unit, labels)
         SELECT key, name, at, value, unit, labels FROM jsonb_to_recordset($1::jsonb)
           AS point (key text, name text, at timestamptz, value double precision, unit text, labels jsonb)
         ON CONFLICT (key) DO NOTHING`,
        [batch],
      )
      .catch((error: unknown) => {
        throw translateFault(error);
      });
  }
}

async function queryPoints(pool: Pool, query: Parameters<MetricsStore['query']>[0]): Promise<readonly MetricPoint[]> {
  const values = [
    query.name ?? null,
    JSON.stringify(query.labels ?? {}),
    query.since ?? null,
    query.limit ?? defaultLimit,
  ];
  const { rows } = await pool
    .query<PointRow>(
      `SELECT key, name, at, value, unit, labels FROM metric_point
       WHERE ($1::text IS NULL OR name = $1) AND labels @> $2::jsonb AND ($3::timestamptz IS NULL OR at >= $3)
       ORDER BY at DESC, key DESC LIMIT $4`,
      values,
    )
    .catch((error: unknown) => {
      throw translateFault(error);
    });
  return rows.reverse().map((row) => ({
    name: row.name,
    at: row.at.toISOString(),
    value: row.value,
    unit: row.unit,
    labels: row.labels,
    key: row.key,
  }));
}
