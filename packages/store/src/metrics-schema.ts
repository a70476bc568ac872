import type { Migration } from './migrate.ts';

/** Schema of the metrics database. */
export const metricsMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE metric_point (
        key text PRIMARY KEY,
        name text NOT NULL,
        at timestamptz NOT NULL,
        value double precision NOT NULL,
        unit text NOT NULL,
        labels jsonb NOT NULL
      );
      CREATE INDEX metric_point_by_time ON metric_point (name, at);
      CREATE INDEX metric_point_by_label ON metric_point USING gin (labels jsonb_path_ops);
    `,
  },
];
