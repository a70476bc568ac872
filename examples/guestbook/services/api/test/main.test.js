import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startService } from './running-service.js';
import { startUpstream } from './upstream.js';

test('is ready while the store is away, and says so when asked for entries', async () => {
  const api = await startService({ STORE_SERVICE_HOST: '127.0.0.1', STORE_SERVICE_PORT: '1' });

  const ready = await fetch(`${api.address}/readyz`);
  const entries = await fetch(`${api.address}/entries`);
  api.child.kill('SIGTERM');

  assert.equal(ready.status, 200);
  assert.equal(entries.status, 502);
  assert.deepEqual(await api.exited, { code: 0, signal: null });
});

test('finishes the request it is working on before it stops', { timeout: 10_000 }, async () => {
  const store = await startUpstream(() => ({ body: { entries: [] }, delayMs: 400 }));
  const api = await startService({ STORE_SERVICE_HOST: '127.0.0.1', STORE_SERVICE_PORT: String(store.port) });

  const pending = fetch(`${api.address}/entries`);
  while (store.requests.length === 0) await setTimeout(10);
  api.child.kill('SIGTERM');
  const response = await pending;
  const answeredAt = performance.now();

  assert.equal(response.status, 200);
  assert.deepEqual(await api.exited, { code: 0, signal: null });
  assert.ok(performance.now() - answeredAt < 2_000, 'waited for an idle connection');
  await store.close();
});

test('ends with an error when its settings are wrong', async () => {
  await assert.rejects(startService({ LOG_LEVEL: 'loud' }), /"code":1/);
});
