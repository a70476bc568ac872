import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import sqlite from 'node-sqlite3-wasm';
import { migrate, migrations, schemaVersion } from '../src/migrations.js';

let database;

beforeEach(() => {
  database = new sqlite.Database(':memory:');
});

afterEach(() => database.close());

test('brings a new database to the newest version', () => {
  migrate(database);

  assert.equal(schemaVersion(database), migrations.at(-1).version);
});

test('brings an old database up and keeps its entries', () => {
  migrate(database, migrations.slice(0, 1));
  database.run("INSERT INTO entries (author, message, created_at) VALUES ('Ada', 'first', '2024-01-01T00:00:00.000Z')");

  migrate(database);

  assert.equal(schemaVersion(database), 2);
  assert.equal(database.get('SELECT message FROM entries').message, 'first');
});

test('changes nothing the second time', () => {
  migrate(database);
  const before = database.all('SELECT * FROM schema_version');

  migrate(database);

  assert.deepEqual(database.all('SELECT * FROM schema_version'), before);
});

test('leaves the version as it was when a step fails halfway', () => {
  const step = { version: 3, sql: 'CREATE TABLE extra (id INTEGER); CREATE TABLE entries (id INTEGER)' };

  assert.throws(() => migrate(database, [...migrations, step]), /already exists/);

  assert.equal(schemaVersion(database), 2);
  assert.equal(database.get("SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'extra'").n, 0);
});

test('refuses a database of a newer store', () => {
  migrate(database);
  database.run("INSERT INTO schema_version VALUES (99, '2024-01-01T00:00:00.000Z')");

  assert.throws(() => migrate(database), /schema version 99, this store knows 2/);
});
