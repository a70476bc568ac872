import { readdir, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { once } from 'node:events';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { digestOf } from '../digest-stream.ts';
import { mediaTypes } from '../media-types.ts';
import { openThrowawayRegistry, testAccount, type ThrowawayRegistry } from '../testing/throwaway-registry.ts';
import { createRegistryHandler } from './handler.ts';

let open: ThrowawayRegistry | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const basic = `Basic ${Buffer.from(`${testAccount.username}:${testAccount.password}`).toString('base64')}`;

async function start(options: Parameters<typeof openThrowawayRegistry>[0] = {}): Promise<Send> {
  const registry = await openThrowawayRegistry(options);
  open = registry;
  return (method, target, extra = {}) =>
    fetch(new URL(target, registry.url), {
      method,
      headers: { authorization: basic, ...extra.headers },
      ...(extra.body === undefined ? {} : { body: Buffer.from(extra.body) }),
    });
}

type Send = (
  method: string,
  target: string,
  extra?: { readonly headers?: Record<string, string>; readonly body?: string | Uint8Array },
) => Promise<Response>;

function root(): string {
  if (open === undefined) throw new Error('no registry is open');
  return open.rootDir;
}

async function push(send: Send, repository: string, content: string): Promise<string> {
  const digest = digestOf(Buffer.from(content));
  const response = await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content });
  expect(response.status).toBe(201);
  return digest;
}

async function codeOf(response: Response): Promise<string> {
  const json = (await response.json()) as { errors: { code: string }[] };
  return json.errors[0]?.code ?? '';
}

function manifestOf(layer: string, extra: object = {}): string {
  const config = { mediaType: mediaTypes.config, digest: digestOf(Buffer.from('{}')), size: 2 };
  const layers = [{ mediaType: mediaTypes.layer, digest: digestOf(Buffer.from(layer)), size: layer.length }];
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers, ...extra });
}

async function pushManifest(send: Send, target: string, manifest: string): Promise<Response> {
  return send('PUT', target, { headers: { 'content-type': mediaTypes.manifest }, body: manifest });
}

/** fetch would take dots out of the path; this sends it as it is. */
async function putRaw(target: string): Promise<number> {
  const sent = request(open?.url ?? '', {
    method: 'PUT',
    path: target,
    headers: { authorization: basic, 'content-type': mediaTypes.manifest },
  });
  sent.end('{}');
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

async function drafts(): Promise<readonly string[]> {
  return readdir(path.join(root(), 'drafts'));
}

describe('the registry, uploading', () => {
  it('takes a blob in chunks, tells the position, and refuses a chunk out of order', async () => {
    const send = await start();
    const begun = await send('POST', '/v2/team/app/blobs/uploads/');
    const location = begun.headers.get('location') ?? '';
    const first = await send('PATCH', location, { headers: { 'content-range': '0-4' }, body: 'hello' });
    const wrong = await send('PATCH', location, { headers: { 'content-range': '9-9' }, body: '!' });
    const status = await send('GET', location);
    const digest = digestOf(Buffer.from('hello world'));
    const done = await send('PUT', `${location}?digest=${digest}`, {
      headers: { 'content-range': '5-10' },
      body: ' world',
    });
    const read = await send('GET', `/v2/team/app/blobs/${digest}`);

    expect([begun.status, first.status, wrong.status, status.status, done.status]).toEqual([202, 202, 416, 204, 201]);
    expect(first.headers.get('range')).toBe('0-4');
    expect(status.headers.get('range')).toBe('0-4');
    expect(await read.text()).toBe('hello world');
    expect(await drafts()).toEqual([]);
  });

  it('keeps nothing of an upload whose digest does not match', async () => {
    const send = await start();
    const digest = digestOf(Buffer.from('expected'));

    const response = await send('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: 'something else' });

    expect([response.status, await codeOf(response)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await send('HEAD', `/v2/app/blobs/${digest}`)).status).toBe(404);
    expect(await drafts()).toEqual([]);
  });

  it('keeps nothing of a request that breaks off midway', async () => {
    const send = await start();
    const content = 'x'.repeat(1000);
    const digest = digestOf(Buffer.from(content));
    const { port } = new URL(open?.url ?? '');
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `POST /v2/app/blobs/uploads/?digest=${digest} HTTP/1.1\r\nhost: x\r\nauthorization: ${basic}\r\ncontent-length: 1000\r\n\r\n`,
    );
    socket.write(content.slice(0, 400));
    await expect.poll(async () => (await drafts()).length).toBe(1);

    socket.destroy();

    await expect.poll(drafts).toEqual([]);
    expect((await send('HEAD', `/v2/app/blobs/${digest}`)).status).toBe(404);
  });

  it('goes on after a chunk that broke off, from where it stands', async () => {
    const send = await start();
    const begun = await send('POST', '/v2/app/blobs/uploads/');
    const location = begun.headers.get('location') ?? '';
    const socket = connect(Number(new URL(open?.url ?? '').port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `PATCH ${location} HTTP/1.1\r\nhost: x\r\nauthorization: ${basic}\r\ncontent-length: 100\r\n\r\nhello`,
    );
    await expect.poll(async () => (await send('GET', location)).status).toBe(409);
    socket.destroy();
    await expect.poll(async () => (await send('GET', location)).headers.get('range')).toBe('0-4');

    const digest = digestOf(Buffer.from('hello again'));
    const done = await send('PUT', `${location}?digest=${digest}`, { body: ' again' });

    expect(done.status).toBe(201);
  });

  it('keeps one blob of two uploads at once', async () => {
    const send = await start();
    const content = 'same bytes '.repeat(100_000);
    const digest = digestOf(Buffer.from(content));

    const both = await Promise.all(
      ['a', 'b'].map((name) => send('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: content })),
    );
    const read = await Promise.all(['a', 'b'].map((name) => send('GET', `/v2/${name}/blobs/${digest}`)));

    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    for (const response of read) expect(await response.text()).toBe(content);
    expect(await drafts()).toEqual([]);
  });

  it('refuses a blob above the limit', async () => {
    const send = await start({ maxBlobBytes: 10 });

    const response = await send('POST', `/v2/app/blobs/uploads/?digest=${digestOf(Buffer.from('x'))}`, {
      body: 'x'.repeat(11),
    });

    expect(response.status).toBe(413);
    expect(await drafts()).toEqual([]);
  });

  it('forgets a cancelled upload', async () => {
    const send = await start();
    const location = (await send('POST', '/v2/app/blobs/uploads/')).headers.get('location') ?? '';

    expect((await send('DELETE', location)).status).toBe(204);
    expect(await codeOf(await send('GET', location))).toBe('BLOB_UPLOAD_UNKNOWN');
    expect(await drafts()).toEqual([]);
  });

  it('sweeps the drafts of a crash when it is made, and nothing else', async () => {
    const send = await start();
    const digest = await push(send, 'app', 'kept');
    await writeFile(path.join(root(), 'drafts', 'left by a crash'), 'half a blob');

    createRegistryHandler({ rootDir: root(), authorise: async () => 'allowed' });

    expect(await drafts()).toEqual([]);
    expect(await (await send('GET', `/v2/app/blobs/${digest}`)).text()).toBe('kept');
  });
});

describe('the registry, reading', () => {
  it.each([
    ['bytes=0-3', 206, 'hell', 'bytes 0-3/11'],
    ['bytes=6-', 206, 'world', 'bytes 6-10/11'],
    ['bytes=-3', 206, 'rld', 'bytes 8-10/11'],
    ['bytes=4-999', 206, 'o world', 'bytes 4-10/11'],
    ['bytes=0-1,3-4', 200, 'hello world', null],
  ])('answers the range %s', async (range, status, text, contentRange) => {
    const send = await start();
    const digest = await push(send, 'app', 'hello world');

    const response = await send('GET', `/v2/app/blobs/${digest}`, { headers: { range } });

    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(response.headers.get('content-range')).toBe(contentRange);
  });

  it('refuses a range outside the blob', async () => {
    const send = await start();
    const digest = await push(send, 'app', 'short');

    expect((await send('GET', `/v2/app/blobs/${digest}`, { headers: { range: 'bytes=5-' } })).status).toBe(416);
  });

  it('pages tags', async () => {
    const send = await start();
    await push(send, 'app', '{}');
    await push(send, 'app', 'layer');
    for (const tag of ['c', 'a', 'b']) await pushManifest(send, `/v2/app/manifests/${tag}`, manifestOf('layer'));

    const first = await send('GET', '/v2/app/tags/list?n=2');
    const second = await send('GET', '/v2/app/tags/list?n=2&last=b');

    expect(await first.json()).toEqual({ name: 'app', tags: ['a', 'b'] });
    expect(first.headers.get('link')).toBe('</v2/app/tags/list?n=2&last=b>; rel="next"');
    expect(await second.json()).toEqual({ name: 'app', tags: ['c'] });
    expect(second.headers.get('link')).toBeNull();
  });

  it('lists referrers of a manifest, by type', async () => {
    const send = await start();
    await push(send, 'app', '{}');
    await push(send, 'app', 'layer');
    const image = manifestOf('layer');
    await pushManifest(send, '/v2/app/manifests/v1', image);
    const subject = { mediaType: mediaTypes.manifest, digest: digestOf(Buffer.from(image)), size: image.length };
    const statement = manifestOf('layer', { artifactType: 'application/example', subject, annotations: { a: 'b' } });

    const put = await pushManifest(send, `/v2/app/manifests/${digestOf(Buffer.from(statement))}`, statement);
    const all = await send('GET', `/v2/app/referrers/${subject.digest}`);
    const none = await send('GET', `/v2/app/referrers/${subject.digest}?artifactType=other`);

    expect(put.headers.get('oci-subject')).toBe(subject.digest);
    expect(await all.json()).toMatchObject({
      manifests: [{ artifactType: 'application/example', annotations: { a: 'b' }, size: statement.length }],
    });
    expect(await none.json()).toMatchObject({ manifests: [] });
    expect(none.headers.get('oci-filters-applied')).toBe('artifactType');
  });
});

describe('the registry, guarding', () => {
  it('asks for a credential, and tells a person without rights apart from nobody', async () => {
    const send = await start({
      authorise: async ({ credentials, action }) =>
        credentials === undefined ? 'unauthenticated' : action === 'pull' ? 'allowed' : 'denied',
    });

    const nobody = await fetch(`${open?.url ?? ''}/v2/`);
    const denied = await send('POST', '/v2/app/blobs/uploads/');

    expect(nobody.status).toBe(401);
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect((await send('GET', '/v2/')).status).toBe(200);
    expect([denied.status, await codeOf(denied)]).toEqual([403, 'DENIED']);
  });

  it('shows a blob only through a repository that has it', async () => {
    const send = await start();
    const digest = await push(send, 'private', 'secret');

    expect((await send('GET', `/v2/other/blobs/${digest}`)).status).toBe(404);
  });

  it('mounts a blob only for who may read the source', async () => {
    const send = await start({
      authorise: async ({ action, repository }) =>
        repository === 'hidden' && action === 'pull' ? 'denied' : 'allowed',
    });
    const digest = await push(send, 'hidden', 'secret');
    const open = await push(send, 'shown', 'common');

    const refused = await send('POST', `/v2/mine/blobs/uploads/?mount=${digest}&from=hidden`);
    const mounted = await send('POST', `/v2/mine/blobs/uploads/?mount=${open}&from=shown`);

    expect([refused.status, mounted.status]).toEqual([202, 201]);
    expect((await send('HEAD', `/v2/mine/blobs/${digest}`)).status).toBe(404);
    expect(await (await send('GET', `/v2/mine/blobs/${open}`)).text()).toBe('common');
  });

  it('refuses a manifest that names what is missing or has another size', async () => {
    const send = await start();
    const missing = await pushManifest(send, '/v2/app/manifests/v1', manifestOf('layer'));
    await push(send, 'app', '{}');
    await push(send, 'app', 'layer');
    const lying = manifestOf('layer').replace('"size":5', '"size":6');

    const wrongSize = await pushManifest(send, '/v2/app/manifests/v1', lying);

    expect([missing.status, await codeOf(missing)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect([wrongSize.status, await codeOf(wrongSize)]).toEqual([400, 'SIZE_INVALID']);
    expect((await send('GET', '/v2/app/manifests/v1')).status).toBe(404);
  });

  it('lets one of two images have a tag that both want at once', async () => {
    const send = await start();
    await push(send, 'app', '{}');
    await push(send, 'app', 'one');
    await push(send, 'app', 'two');

    const both = await Promise.all(
      ['one', 'two'].map((layer) => pushManifest(send, '/v2/app/manifests/v1', manifestOf(layer))),
    );

    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('refuses a manifest that is not what its media type says, or is too large', async () => {
    const send = await start();
    const put = (body: string, type: string): Promise<Response> =>
      send('PUT', '/v2/app/manifests/v1', { headers: { 'content-type': type }, body });

    expect((await put('{', mediaTypes.manifest)).status).toBe(400);
    expect((await put(manifestOf('x'), mediaTypes.index)).status).toBe(400);
    expect((await put('{}', 'text/plain')).status).toBe(400);
    expect((await put('x'.repeat(4 * 1024 * 1024 + 1), mediaTypes.manifest)).status).toBe(413);
  });

  it('never deletes', async () => {
    const send = await start();
    const digest = await push(send, 'app', 'kept');

    expect((await send('DELETE', `/v2/app/blobs/${digest}`)).status).toBe(405);
    expect((await send('DELETE', `/v2/app/manifests/${digest}`)).status).toBe(405);
  });

  it.each([
    '..',
    '../../etc',
    'a/../b',
    '.hidden',
    '_blobs',
    'a/_tags',
    'A',
    'a//b',
    'a%00b',
    '%2e%2e/a',
    'a\\b',
    '-a',
  ])('refuses the repository name %s', async (name) => {
    await start();
    const socket = connect(Number(new URL(open?.url ?? '').port), '127.0.0.1');
    const answer = once(socket, 'data');
    socket.write(`GET /v2/${name}/tags/list HTTP/1.1\r\nhost: x\r\nauthorization: ${basic}\r\n\r\n`);

    const [data] = await answer;
    socket.destroy();

    expect(String(data)).toMatch(/^HTTP\/1.1 (400|404) /);
    expect(await readdir(root())).toEqual(['drafts']);
  });

  it('writes nothing outside its folders, whatever the path', async () => {
    await start();
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      'a',
      '_tags',
      'blobs',
      'uploads',
      'manifests',
      '%2f',
      '%C3%A9',
      '%00',
      '%',
    );

    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
        const status = await putRaw(`/v2/${pieces.join('/')}`);

        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 100 },
    );
    expect(await readdir(root())).toEqual(['drafts']);
  });
});
