import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openEntries } from '../src/entries.js';

let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'entries-test-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const messages = (entries) => entries.map(({ message }) => message);

test('lists the newest entry first and no more than asked for', () => {
  const entries = openEntries(folder);
  for (const message of ['one', 'two', 'three']) entries.add({ author: 'Ada', message });

  const listed = entries.list({ limit: 2 });
  entries.close();

  assert.deepEqual(messages(listed), ['three', 'two']);
});

test('lists the entries of one author whatever the case', () => {
  const entries = openEntries(folder);
  entries.add({ author: 'Ada', message: 'hers' });
  entries.add({ author: 'Bob', message: 'his' });

  const listed = entries.list({ author: 'ada', limit: 50 });
  entries.close();

  assert.deepEqual(messages(listed), ['hers']);
});

test('takes quotes as they are', () => {
  const entries = openEntries(folder);
  const message = "'); DROP TABLE entries; --";

  entries.add({ author: "O'Neill", message });
  const listed = entries.list({ author: "O'Neill", limit: 50 });
  entries.close();

  assert.deepEqual(messages(listed), [message]);
});

test('still has its entries when opened again', () => {
  const before = openEntries(folder);
  const added = before.add({ author: 'Ada', message: 'kept' });
  before.close();

  const after = openEntries(folder);
  const listed = after.list({ limit: 50 });
  after.close();

  assert.deepEqual(listed, [added]);
});

test('opens after a process was killed while it held the lock', () => {
  openEntries(folder).close();
  mkdirSync(join(folder, 'guestbook.db.lock'));

  const entries = openEntries(folder);
  const { id } = entries.add({ author: 'Ada', message: 'after the crash' });
  entries.close();

  assert.equal(id, 1);
});

test('keeps to a temporary folder of its own when it was given none, and removes it', () => {
  const one = openEntries(undefined);
  const other = openEntries(undefined);
  one.add({ author: 'Ada', message: 'here' });

  const listed = other.list({ limit: 50 });
  one.close();
  other.close();

  assert.deepEqual(listed, []);
  assert.notEqual(one.folder, other.folder);
  assert.equal(existsSync(one.folder), false);
});
