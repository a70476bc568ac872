import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { api, request, store, web } from '../addresses.mjs';

/** Unlike any other run's, so that a second run in the same environment sees only its own entries. */
const marker = randomUUID().slice(0, 8);

function sign(fields) {
  return request(web, '/entries', { method: 'POST', body: new URLSearchParams(fields) });
}

function postJson(base, body) {
  const headers = { 'content-type': 'application/json' };
  return request(base, '/entries', { method: 'POST', headers, body: JSON.stringify(body) });
}

async function pageOf(author) {
  const response = await request(web, `/?${new URLSearchParams({ author })}`);
  assert.equal(response.status, 200);
  return response.text();
}

test('an entry signed on the page is seen on the page, in the api and in the store', async () => {
  const author = `Ada ${marker}`;
  const message = `Hello from ${marker}`;

  const signed = await sign({ author, message });

  assert.equal(signed.status, 303);
  assert.equal(signed.headers.get('location'), '/');
  assert.ok((await pageOf(author)).includes(message));
  for (const base of [api, store]) {
    const { entries } = await (await request(base, `/entries?${new URLSearchParams({ author })}`)).json();
    assert.deepEqual(
      entries.map((entry) => [entry.author, entry.message]),
      [[author, message]],
    );
  }
});

test('an entry added through the api stands first on the page', async () => {
  const author = `Bob ${marker}`;
  await postJson(api, { author, message: 'older' });

  const added = await postJson(api, { author, message: 'newer' });
  const page = await pageOf(author);

  assert.equal(added.status, 201);
  assert.match(page, /2 entries/);
  assert.ok(page.indexOf('newer') < page.indexOf('older'));
});

test('the page says what is wrong with an entry and keeps what was written', async () => {
  const message = `nameless ${marker}`;

  const refused = await sign({ author: ' ', message });
  const page = await refused.text();

  assert.equal(refused.status, 400);
  assert.ok(page.includes('Please tell us your name'));
  assert.ok(page.includes(`${message}</textarea>`));
});

test('the api names each field that is wrong and stores nothing', async () => {
  const author = `Eve ${marker}`;

  const refused = await postJson(api, { author, message: 'x'.repeat(5_000) });
  const { faults } = await refused.json();
  const { entries } = await (await request(api, `/entries?${new URLSearchParams({ author })}`)).json();

  assert.equal(refused.status, 400);
  assert.deepEqual(Object.keys(faults), ['message']);
  assert.deepEqual(entries, []);
});

test('markup that people write is shown as text', async () => {
  const author = `<b>Mallory</b> ${marker}`;
  const message = `<script>alert("${marker}")</script>`;

  await sign({ author, message });
  const page = await pageOf(author);

  assert.ok(page.includes(`&lt;script&gt;alert(&quot;${marker}&quot;)&lt;/script&gt;`));
  assert.ok(!page.includes('<script'));
  assert.ok(!page.includes('<b>Mallory'));
});

test('quotes that people write reach the store as they are', async () => {
  const author = `O'Neill ${marker}`;
  const message = `'); DELETE FROM entries; -- ${marker}`;

  await sign({ author, message });
  const { entries } = await (await request(store, `/entries?${new URLSearchParams({ author })}`)).json();

  assert.deepEqual(
    entries.map((entry) => entry.message),
    [message],
  );
});

test('the store has a schema that its migrations made', async () => {
  const { version } = await (await request(store, '/schema')).json();

  assert.ok(Number.isInteger(version) && version >= 2, `schema version ${version}`);
});
