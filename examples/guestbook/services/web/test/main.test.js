import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startService } from './running-service.js';
import { startUpstream } from './upstream.js';

test('is ready while the api is away, and says so on its page', async () => {
  const web = await startService({ API_SERVICE_HOST: '127.0.0.1', API_SERVICE_PORT: '1' });

  const ready = await fetch(`${web.address}/readyz`);
  const page = await fetch(web.address);
  web.child.kill('SIGTERM');

  assert.equal(ready.status, 200);
  assert.equal(page.status, 502);
  assert.deepEqual(await web.exited, { code: 0, signal: null });
});

test('finishes the request it is working on before it stops', { timeout: 10_000 }, async () => {
  const api = await startUpstream(() => ({ body: { entries: [] }, delayMs: 400 }));
  const web = await startService({
    API_SERVICE_HOST: '127.0.0.1',
    API_SERVICE_PORT: String(api.port),
    GREETING: 'Until the end',
  });

  const pending = fetch(web.address);
  while (api.requests.length === 0) await setTimeout(10);
  web.child.kill('SIGTERM');
  const response = await pending;
  const answeredAt = performance.now();

  assert.equal(response.status, 200);
  assert.match(await response.text(), /Until the end/);
  assert.deepEqual(await web.exited, { code: 0, signal: null });
  assert.ok(performance.now() - answeredAt < 2_000, 'waited for an idle connection');
  await api.close();
});

test('ends with an error when its settings are wrong', async () => {
  await assert.rejects(startService({ LOG_LEVEL: 'loud' }), /"code":1/);
});
