import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { migrate, schemaVersion } from './migrations.js';

/**
 * Opens the entries in a folder that belongs to this process alone.
 *
 * @param {string | undefined} dataDir - absent: a new temporary folder, removed by `close`.
 */
export function openEntries(dataDir) {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'guestbook-store-'));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'guestbook.db');
  // The driver locks by making a folder, which a killed process leaves behind. Nobody else has this folder: it is stale.
  rmSync(`${file}.lock`, { recursive: true, force: true });
  const database = new sqlite.Database(file);
  migrate(database);

  return {
    folder,
    /** Newest first; of one author only when given, whatever the case of its letters. */
    list({ author, limit }) {
      const where = author === undefined ? '' : 'WHERE author = ? COLLATE NOCASE';
      const values = author === undefined ? [limit] : [author, limit];
      return database.all(`SELECT * FROM entries ${where} ORDER BY id DESC LIMIT ?`, values).map(toEntry);
    },
    add({ author, message }) {
      const createdAt = new Date().toISOString();
      const sql = 'INSERT INTO entries (author, message, created_at) VALUES (?, ?, ?)';
      const { lastInsertRowid } = database.run(sql, [author, message, createdAt]);
      return { id: lastInsertRowid, author, message, createdAt };
    },
    schemaVersion: () => schemaVersion(database),
    close() {
      database.close();
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function toEntry(row) {
  return { id: row.id, author: row.author, message: row.message, createdAt: row.created_at };
}
