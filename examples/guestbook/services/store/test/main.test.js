import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startService } from './running-service.js';

const folder = mkdtempSync(join(tmpdir(), 'store-main-test-'));

after(() => rmSync(folder, { recursive: true, force: true }));

async function add(address, message) {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ author: 'Ada', message });
  const response = await fetch(`${address}/entries`, { method: 'POST', headers, body });
  return response.status;
}

test('is ready, logs JSON lines and stops cleanly when asked to', async () => {
  const store = await startService();

  const status = await add(store.address, 'hello');
  const ready = await fetch(`${store.address}/readyz`);
  store.child.kill('SIGTERM');

  assert.equal(status, 201);
  assert.equal(ready.status, 200);
  assert.deepEqual(await store.exited, { code: 0, signal: null });
  const request = store.logs.find(({ msg }) => msg === 'request');
  assert.deepEqual([request.service, request.method, request.path, request.status], ['store', 'POST', '/entries', 201]);
});

test('loses no entry when it is killed', async () => {
  const killed = await startService({ DATA_DIR: folder });
  await add(killed.address, 'survives');
  killed.child.kill('SIGKILL');
  await killed.exited;

  const restarted = await startService({ DATA_DIR: folder });
  const { entries } = await (await fetch(`${restarted.address}/entries`)).json();
  restarted.child.kill('SIGTERM');
  await restarted.exited;

  assert.deepEqual(
    entries.map(({ message }) => message),
    ['survives'],
  );
});
