import type { Migration } from './migrate.ts';

/** Schema of records and evidence. `__golden__/schema.sql` shows the sum. */
export const recordMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE record (
        noun text NOT NULL,
        id text NOT NULL,
        doc jsonb NOT NULL,
        version int NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (noun, id)
      );
      CREATE INDEX record_by_position ON record (noun, position);
      CREATE INDEX record_by_content ON record USING gin (doc jsonb_path_ops);

      CREATE TABLE statement (
        id text PRIMARY KEY,
        kind text NOT NULL,
        envelope text NOT NULL,
        payload_digest text NOT NULL,
        leaf_hash text NOT NULL,
        recorded_at timestamptz NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY,
        log_index bigint UNIQUE
      );
      CREATE INDEX statement_unsequenced ON statement (position) WHERE log_index IS NULL;
    `,
  },
];
