import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { artifactRegistryContract, type RegistryUnderTest } from '@slipway/ports/contract';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../digest-stream.ts';
import { openThrowawayRegistry, testAccount } from '../testing/throwaway-registry.ts';
import { createRegistryClient } from './registry-client.ts';

artifactRegistryContract('our registry over HTTP', async () => {
  const server = await openThrowawayRegistry();
  return { registry: createRegistryClient({ url: server.url, credential: testAccount }), close: server.close };
});

const dockerRegistry = '/usr/bin/docker-registry';
const hasDockerRegistry = await access(dockerRegistry).then(
  () => true,
  () => false,
);

describe.skipIf(!hasDockerRegistry)('beside another registry (skipped where docker-registry is not installed)', () => {
  artifactRegistryContract('docker-registry', openDockerRegistry, {
    lacks: [{ test: 'refuses a tag that stands for another image', because: 'its tags are mutable' }],
  });
});

async function openDockerRegistry(): Promise<RegistryUnderTest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-docker-registry-'));
  const port = await freePort();
  const config = path.join(folder, 'config.yml');
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: '127.0.0.1:${port}'}\n`,
  );
  const child = spawn(dockerRegistry, ['serve', config], { stdio: 'ignore', env: {} });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isUp = await fetch(`${url}/v2/`).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    registry: createRegistryClient({ url }),
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const { port, close } = await serve(() => undefined);
  await close();
  return port;
}

async function serve(
  listener: RequestListener,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

describe('the registry client', () => {
  it.each(['http://registry.example', 'ftp://127.0.0.1', 'https://user:secret@registry.example', 'no url'])(
    'refuses %s',
    (url) => {
      expect(() => createRegistryClient({ url, host: 'x' })).toThrow(/is refused/);
    },
  );

  it('never shows the secret of a URL it refuses', () => {
    expect(() => createRegistryClient({ url: 'https://user:hunter2@registry.example', host: 'x' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }) as Error,
    );
  });

  it('gets a token where the registry asks for one, once a scope', async () => {
    const asked: string[] = [];
    const server = await serve((request, response) => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1');
      if (url.pathname === '/token') {
        asked.push(`${url.searchParams.get('scope') ?? ''} ${request.headers.authorization ?? ''}`);
        response.end(JSON.stringify({ token: 'abc' }));
      } else if (request.headers.authorization === 'Bearer abc') {
        response.end(JSON.stringify({ tags: ['v1'] }));
      } else {
        const realm = `http://127.0.0.1:${server.port}/token`;
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="test"` }).end();
      }
    });
    const client = createRegistryClient({ url: `http://127.0.0.1:${server.port}`, credential: testAccount });

    const tags = [await client.listTags('team/app'), await client.listTags('team/app')];
    await server.close();

    expect(tags).toEqual([['v1'], ['v1']]);
    expect(asked).toEqual([`repository:team/app:pull Basic ${btoa('builder:correct horse')}`]);
  });

  it('sends no credential to another host that a registry names for an upload', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      request.resume();
      request.once('end', () => response.writeHead(201).end());
    });
    const registry = await serve((request, response) => {
      const location = `http://127.0.0.1:${other.port}/upload`;
      response.writeHead(request.method === 'POST' ? 202 : 404, { location }).end();
    });
    const client = createRegistryClient({ url: `http://127.0.0.1:${registry.port}`, credential: testAccount });
    const bytes = Buffer.from('bytes');

    const descriptor = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length };
    await client.putBlob('app', descriptor, () => Readable.from([bytes]));
    await Promise.all([other.close(), registry.close()]);

    expect(seen).toEqual([undefined]);
  });

  it('refuses bytes that are not those of the digest, for blobs and manifests', async () => {
    const server = await serve((_request, response) => {
      response.end('something else');
    });
    const client = createRegistryClient({ url: `http://127.0.0.1:${server.port}` });
    const digest = digestOf(Buffer.from('expected'));

    const blob = client.getBlob('app', digest).then(buffer);

    await expect(blob).rejects.toMatchObject({ code: 'REGISTRY_CONTENT_MISMATCH' });
    await expect(client.getManifest('app', digest)).rejects.toMatchObject({ code: 'REGISTRY_CONTENT_MISMATCH' });
    await server.close();
  });

  it('stops reading a manifest that does not end', async () => {
    const server = await serve((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      for (let count = 0; count < 8; count += 1) response.write(chunk);
      response.end();
    });
    const client = createRegistryClient({ url: `http://127.0.0.1:${server.port}` });

    await expect(client.getManifest('app', 'v1')).rejects.toMatchObject({ code: 'REGISTRY_CONTENT_TOO_LARGE' });
    await server.close();
  });

  it('says who refused and who is away', async () => {
    const server = await openThrowawayRegistry({ authorise: async () => 'denied' });
    const denied = createRegistryClient({ url: server.url, credential: testAccount }).listTags('app');
    await expect(denied).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    await server.close();

    const away = createRegistryClient({ url: server.url }).listTags('app');
    await expect(away).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', retry: 'backoff' });
  });

  it('refuses a wrong password', async () => {
    const server = await openThrowawayRegistry();
    const client = createRegistryClient({ url: server.url, credential: { username: 'builder', password: 'wrong' } });

    await expect(client.listTags('app')).rejects.toMatchObject({ code: 'REGISTRY_UNAUTHORISED' });
    await server.close();
  });
});
