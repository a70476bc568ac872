import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { createApp } from '../src/app.js';
import { storeClient } from '../src/store-client.js';
import { startUpstream } from './upstream.js';

const stored = { id: 1, author: 'Ada', message: 'hello', createdAt: '2024-01-01T00:00:00.000Z' };
const logger = pino({ level: 'silent' });
const readiness = { isReady: true };
let store;
let answer;
let app;

function appWith(timeoutMs) {
  return createApp({ store: storeClient(store.url, timeoutMs), messageMaxLength: 500, logger, readiness });
}

beforeEach(async () => {
  answer = () => ({ body: { entries: [stored] } });
  store = await startUpstream((request) => answer(request));
  app = appWith(5_000);
});

afterEach(() => store.close());

const headers = { 'content-type': 'application/json' };
const post = (body) => app.request('/entries', { method: 'POST', headers, body });

test('lists what the store has', async () => {
  const response = await app.request('/entries');

  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { entries: [stored] });
  assert.equal(store.requests[0].url, '/entries');
});

test('opens a connection for each request, so that a Service can spread them', async () => {
  await app.request('/entries');

  assert.equal(store.requests[0].headers.connection, 'close');
});

test('hands the author over as one value', async () => {
  await app.request(`/entries?author=${encodeURIComponent('A&limit=1')}`);

  assert.equal(new URL(store.requests[0].url, store.url).searchParams.get('author'), 'A&limit=1');
});

test('adds a valid entry without its surrounding blanks', async () => {
  answer = () => ({ status: 201, body: stored });

  const response = await post('{"author":" Ada ","message":"hello "}');

  assert.equal(response.status, 201);
  assert.deepEqual(await response.json(), stored);
  assert.deepEqual(JSON.parse(store.requests[0].body), { author: 'Ada', message: 'hello' });
});

for (const [what, body, field] of [
  ['an empty name', '{"author":"","message":"hello"}', 'author'],
  ['no JSON', 'author=Ada', 'message'],
]) {
  test(`refuses ${what} and does not ask the store`, async () => {
    const response = await post(body);

    assert.equal(response.status, 400);
    assert.ok(field in (await response.json()).faults);
    assert.deepEqual(store.requests, []);
  });
}

test('refuses a body above the limit', async () => {
  const response = await post(JSON.stringify({ author: 'Ada', message: 'x'.repeat(20_000) }));

  assert.equal(response.status, 413);
  assert.deepEqual(store.requests, []);
});

for (const [what, respond, timeoutMs = 5_000] of [
  ['fails', () => ({ status: 500, body: {} })],
  ['answers nonsense', () => ({ body: '<html>' })],
  ['is too slow', () => ({ body: {}, delayMs: 1_000 }), 100],
]) {
  test(`says that the store is unavailable when it ${what}`, async () => {
    answer = respond;

    const response = await appWith(timeoutMs).request('/entries');

    assert.equal(response.status, 502);
    assert.deepEqual(await response.json(), { error: 'store-unavailable' });
  });
}

test('is alive and ready without asking the store', async () => {
  const alive = await app.request('/healthz');
  const ready = await app.request('/readyz');

  assert.deepEqual([alive.status, ready.status, store.requests.length], [200, 200, 0]);
});

test('names its version', async () => {
  const { service, version } = await (await app.request('/version')).json();

  assert.equal(service, 'api');
  assert.match(version, /^\d+\.\d+\.\d+$/);
});

test('hides what went wrong inside', async () => {
  const broken = { list: () => assert.fail('secret detail') };
  const response = await createApp({ store: broken, messageMaxLength: 5, logger, readiness }).request('/entries');

  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), { error: 'internal' });
});
