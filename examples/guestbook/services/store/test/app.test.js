import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { createApp } from '../src/app.js';
import { openEntries } from '../src/entries.js';

const logger = pino({ level: 'silent' });
let entries;
let readiness;
let app;

beforeEach(() => {
  entries = openEntries(undefined);
  readiness = { isReady: true };
  app = createApp({ entries, logger, readiness });
});

afterEach(() => entries.close());

const headers = { 'content-type': 'application/json' };
const post = (body) => app.request('/entries', { method: 'POST', headers, body });

test('gives back what it took', async () => {
  const created = await post(JSON.stringify({ author: 'Ada', message: 'hello' }));
  const entry = await created.json();

  const listed = await (await app.request('/entries')).json();

  assert.equal(created.status, 201);
  assert.match(entry.createdAt, /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(listed, { entries: [entry] });
});

test('lists by author', async () => {
  await post(JSON.stringify({ author: 'Ada', message: 'hers' }));
  await post(JSON.stringify({ author: 'Bob', message: 'his' }));

  const listed = await (await app.request('/entries?author=Bob&limit=10')).json();

  assert.deepEqual(
    listed.entries.map(({ message }) => message),
    ['his'],
  );
});

for (const [what, body] of [
  ['no JSON', '{'],
  ['a missing message', '{"author":"Ada"}'],
  ['a message that is no text', '{"author":"Ada","message":{"$ne":1}}'],
  ['a field it does not know', '{"author":"Ada","message":"x","id":1}'],
]) {
  test(`refuses ${what}`, async () => {
    const response = await post(body);

    assert.equal(response.status, 400);
    assert.equal((await response.json()).error, 'invalid');
  });
}

test('refuses a limit that is no number', async () => {
  assert.equal((await app.request('/entries?limit=all')).status, 400);
});

test('refuses a body above the limit', async () => {
  assert.equal((await post(JSON.stringify({ author: 'Ada', message: 'x'.repeat(20_000) }))).status, 413);
});

test('answers with the schema version and its own', async () => {
  assert.deepEqual(await (await app.request('/schema')).json(), { version: 2 });
  assert.equal((await (await app.request('/version')).json()).service, 'store');
});

test('is alive but not ready before it listens', async () => {
  readiness.isReady = false;

  assert.equal((await app.request('/healthz')).status, 200);
  assert.equal((await app.request('/readyz')).status, 503);
});

test('hides what went wrong inside', async () => {
  const broken = { list: () => assert.fail('secret detail') };
  const response = await createApp({ entries: broken, logger, readiness }).request('/entries');

  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), { error: 'internal' });
});
