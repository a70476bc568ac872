import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, request, store, web } from '../addresses.mjs';

// Read-only: safe in an environment that people use.

for (const [service, base] of Object.entries({ web, api, store })) {
  test(`${service} answers, is ready and says what it is`, async () => {
    const ready = await request(base, '/readyz');
    const version = await (await request(base, '/version')).json();

    assert.equal(ready.status, 200);
    assert.equal(version.service, service);
  });
}

test('the page shows the form and its version', async () => {
  const { text } = await (await request(web, '/version')).json();
  const response = await request(web, '/');
  const page = await response.text();

  assert.equal(response.status, 200);
  assert.match(page, /<form method="post" action="\/entries">/);
  assert.ok(page.includes(text));
});

test('the api reads from the store', async () => {
  const response = await request(api, '/entries');

  assert.equal(response.status, 200);
  assert.ok(Array.isArray((await response.json()).entries));
});

test('the store knows its schema', async () => {
  const { version } = await (await request(store, '/schema')).json();

  assert.ok(Number.isInteger(version) && version > 0);
});
