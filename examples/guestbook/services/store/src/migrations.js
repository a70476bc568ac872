/** Each brings the schema from the version before to its own; never edit one that has been released. */
export const migrations = [
  {
    version: 1,
    sql: `CREATE TABLE entries (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      author TEXT NOT NULL,
      message TEXT NOT NULL,
      created_at TEXT NOT NULL
    )`,
  },
  { version: 2, sql: 'CREATE INDEX entries_by_author ON entries (author COLLATE NOCASE)' },
];

/** The version that the database has; 0 when it is new. */
export function schemaVersion(database) {
  return database.get('SELECT MAX(version) AS version FROM schema_version')?.version ?? 0;
}

/**
 * Brings the schema up to the newest version, each step in a transaction of its own: safe to stop and to repeat.
 *
 * @throws {Error} when the database was written by a newer store.
 */
export function migrate(database, steps = migrations) {
  database.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)');
  const current = schemaVersion(database);
  const newest = steps.at(-1).version;
  if (current > newest) throw new Error(`The database has schema version ${current}, this store knows ${newest}`);
  for (const step of steps.filter((candidate) => candidate.version > current)) apply(database, step);
}

function apply(database, step) {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(step.sql);
    database.run('INSERT INTO schema_version VALUES (?, ?)', [step.version, new Date().toISOString()]);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
