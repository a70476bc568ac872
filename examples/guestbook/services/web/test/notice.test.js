import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { followNotice } from '../src/notice.js';

const told = [];
const logger = { warn: (facts, text) => told.push(text) };
let folder;
let server;
let url;
let answer;

beforeEach(async () => {
  told.length = 0;
  folder = await mkdtemp(path.join(tmpdir(), 'notice-'));
  server = createServer((request, response) => answer(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const sourceOf = (token) => ({ url, profile: 'qa', token, cacheFile: path.join(folder, 'config.json') });

/** A config endpoint that says one notice after the other, the last for ever. */
function saying(...notices) {
  let count = 0;
  return (request, response) => {
    const notice = notices[Math.min(count++, notices.length - 1)];
    const body = {
      name: 'guestbook',
      profiles: ['qa'],
      label: 'current',
      version: String(count),
      state: null,
      propertySources: [{ name: 'live.json', source: { notice } }],
    };
    const isStream = request.headers.accept === 'text/event-stream';
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json', etag: `"${count}"` });
    if (isStream) response.write(`event: config\nid: "${count}"\ndata: ${JSON.stringify(body)}\n\n`);
    else response.end(JSON.stringify(body));
  };
}

async function until(isReached) {
  for (let round = 0; round < 500 && !isReached(); round++) await setTimeout(10);
  assert.ok(isReached());
}

test('says the notice as it is now', async () => {
  answer = saying('Soon', 'Now');
  const notice = followNotice(sourceOf('secret'), logger);

  await until(() => notice.text() === 'Now');
  await notice.close();
});

test('is empty without a token, and asks nobody', async () => {
  answer = () => assert.fail('somebody asked');
  const notice = followNotice(sourceOf(undefined), logger);

  assert.equal(notice.text(), '');
  await notice.close();
});

test('goes on asking while the config is away, and ends at once', async () => {
  answer = (request, response) => response.writeHead(503).end();
  const notice = followNotice(sourceOf('secret'), logger, { retryMs: 20 });
  await until(() => told.length > 3);
  assert.equal(notice.text(), '');

  answer = saying('Here again');
  await until(() => notice.text() === 'Here again');
  await notice.close();
});
