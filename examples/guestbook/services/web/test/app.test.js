import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { apiClient } from '../src/api-client.js';
import { createApp } from '../src/app.js';
import { versionText } from '../src/greeting.js';
import { startUpstream } from './upstream.js';

const logger = pino({ level: 'silent' });
const readiness = { isReady: true };
const none = { body: { entries: [] } };
let api;
let answer;
let app;

function appWith(timeoutMs) {
  return createApp({ api: apiClient(api.url, timeoutMs), greeting: 'Hello & welcome', logger, readiness });
}

beforeEach(async () => {
  answer = () => none;
  api = await startUpstream((request) => answer(request));
  app = appWith(5_000);
});

afterEach(() => api.close());

const entry = (author, message) => ({ id: 1, author, message, createdAt: '2024-05-06T07:08:09.000Z' });
const sign = (fields) => app.request('/entries', { method: 'POST', body: new URLSearchParams(fields) });

test('shows greeting, form, entries and version', async () => {
  answer = () => ({ body: { entries: [entry('Ada', 'hello')] } });

  const response = await app.request('/');
  const page = await response.text();

  assert.equal(response.headers.get('content-type'), 'text/html; charset=UTF-8');
  assert.match(page, /<h1>Hello &amp; welcome<\/h1>/);
  assert.match(page, /<form method="post" action="\/entries">/);
  assert.match(page, /<p>hello<\/p>/);
  assert.match(page, /2024-05-06 07:08</);
  assert.ok(page.includes(versionText));
});

test('shows the banner of its settings, as text', async () => {
  const banner = 'Closed on <b>Monday</b>';
  const withBanner = createApp({ api: apiClient(api.url, 5_000), greeting: 'Hello', banner, logger, readiness });

  const page = await (await withBanner.request('/')).text();

  assert.match(page, /<p class="banner" role="status">Closed on &lt;b&gt;Monday&lt;\/b&gt;<\/p>/);
  assert.ok(!(await (await app.request('/')).text()).includes('class="banner"'));
});

test('shows the notice as it is at each request, as text', async () => {
  let notice = '';
  const app = createApp({ api: apiClient(api.url, 5_000), greeting: 'Hello', notice: () => notice, logger, readiness });
  assert.ok(!(await (await app.request('/')).text()).includes('class="notice"'));

  notice = 'Back at <i>noon</i>';

  assert.match(await (await app.request('/')).text(), /<p class="notice" role="status">Back at &lt;i&gt;noon&lt;\/i&gt;<\/p>/);
});

test('escapes what people write', async () => {
  answer = () => ({ body: { entries: [entry('"><img src=x>', '<script>alert(1)</script>')] } });

  const page = await (await app.request('/')).text();

  assert.ok(!page.includes('<script'));
  assert.ok(!page.includes('<img'));
  assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
});

test('allows no script by its headers', async () => {
  const { headers } = await app.request('/');

  assert.match(headers.get('content-security-policy'), /default-src 'none'/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
});

test('shows the entries of one author', async () => {
  answer = () => ({ body: { entries: [entry('Ada & Bob', 'hello')] } });

  const page = await (await app.request('/?author=Ada+%26+Bob')).text();

  assert.equal(new URL(api.requests[0].url, api.url).searchParams.get('author'), 'Ada & Bob');
  assert.match(page, /One entry by Ada &amp; Bob/);
  assert.ok(page.includes('href="/?author=Ada+%26+Bob"'));
});

test('signs the guestbook and goes back to the page', async () => {
  answer = () => ({ status: 201, body: {} });

  const response = await sign({ author: 'Ada', message: 'hello' });

  assert.equal(response.status, 303);
  assert.equal(response.headers.get('location'), '/');
  assert.deepEqual(JSON.parse(api.requests[0].body), { author: 'Ada', message: 'hello' });
});

test('shows the faults beside what was written', async () => {
  const faults = { author: 'Please tell us your name' };
  answer = ({ method }) => (method === 'POST' ? { status: 400, body: { faults } } : none);

  const response = await sign({ message: '</textarea>keep me' });
  const page = await response.text();

  assert.equal(response.status, 400);
  assert.match(page, /role="alert">Please tell us your name</);
  assert.ok(page.includes('&lt;/textarea&gt;keep me</textarea>'));
});

test('says so when the api refuses without a reason', async () => {
  answer = ({ method }) => (method === 'POST' ? { status: 413, body: {} } : none);

  const response = await sign({ author: 'Ada', message: 'hello' });

  assert.equal(response.status, 400);
  assert.match(await response.text(), /This entry was not taken/);
});

test('refuses a form above the limit', async () => {
  const response = await sign({ author: 'Ada', message: 'x'.repeat(20_000) });

  assert.equal(response.status, 413);
  assert.deepEqual(api.requests, []);
});

for (const [what, respond, timeoutMs = 5_000] of [
  ['fails', () => ({ status: 502, body: {} })],
  ['answers nonsense', () => ({ body: '<html>' })],
  ['is too slow', () => ({ body: {}, delayMs: 1_000 }), 100],
]) {
  test(`shows that the guestbook is closed while the api ${what}`, async () => {
    answer = respond;

    const response = await appWith(timeoutMs).request('/');

    assert.equal(response.status, 502);
    assert.match(await response.text(), /closed for a moment/);
  });
}

test('is alive and ready without asking the api', async () => {
  const alive = await app.request('/healthz');
  const ready = await app.request('/readyz');

  assert.deepEqual([alive.status, ready.status, api.requests.length], [200, 200, 0]);
});

test('has a style sheet and a version', async () => {
  const style = await app.request('/style.css');
  const version = await (await app.request('/version')).json();

  assert.match(style.headers.get('content-type'), /^text\/css/);
  assert.equal(version.text, versionText);
});

test('hides what went wrong inside', async () => {
  const broken = { list: () => assert.fail('secret detail') };
  const response = await createApp({ api: broken, greeting: 'Hello', logger, readiness }).request('/');

  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes('secret'));
});
