import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProgram } from '@slipway/host';
import type { ArtifactRegistry, BuiltImage } from '@slipway/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createImageBuilder } from '../build/image-builder.ts';
import { createRegistryClient } from '../client/registry-client.ts';
import { digestOf } from '../digest-stream.ts';
import { makeContext } from '../testing/make-context.ts';
import { openThrowawayRegistry, testAccount, type ThrowawayRegistry } from '../testing/throwaway-registry.ts';
import { pullImage, pushImage } from './copy-image.ts';
import { blobPath, readLayout, verifyLayers } from './image-layout.ts';

let folder = '';
let server: ThrowawayRegistry;
let registry: ArtifactRegistry;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-copy-'));
  server = await openThrowawayRegistry();
  registry = createRegistryClient({ url: server.url, credential: testAccount });
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function buildExample(name = 'image'): Promise<BuiltImage> {
  const builder = createImageBuilder({ bases: async () => undefined, stateDir: path.join(folder, 'state') });
  return builder.build({
    context: makeContext([
      ['Dockerfile', 'FROM scratch\nCOPY a.txt /\nCOPY big /\nCMD ["/a.txt"]\n'],
      ['a.txt', 'hello'],
      ['big', Buffer.alloc(3_000_001, 'slipway ')],
    ]),
    dockerfile: 'Dockerfile',
    outputDir: path.join(folder, name),
  });
}

async function failedUploads(): Promise<readonly string[]> {
  return readdir(path.join(server.rootDir, 'drafts'));
}

describe('pushing and pulling', () => {
  it('brings an image to the registry and back, byte for byte, and again changes nothing', async () => {
    const image = await buildExample();
    const push = { layoutDir: image.layoutDir, registry, name: 'team/app', tags: ['v1', 'main'] };

    const digest = await pushImage(push);
    const again = await pushImage(push);
    const pulled = await pullImage({ registry, name: 'team/app', digest, outputDir: path.join(folder, 'pulled') });

    expect([digest, again, pulled.manifest.digest]).toEqual(Array(3).fill(image.manifest.digest));
    expect(pulled.platform).toEqual(image.platform);
    expect(await registry.listTags('team/app')).toEqual(['main', 'v1']);
    expect((await readLayout(pulled.layoutDir)).manifestBytes).toEqual(
      (await readLayout(image.layoutDir)).manifestBytes,
    );
    await verifyLayers(await readLayout(pulled.layoutDir));
  });

  it('pushes nothing of a layout whose layer was changed', async () => {
    const image = await buildExample();
    const [layer] = (await readLayout(image.layoutDir)).layers;
    if (layer === undefined) throw new Error('the example has no layer');
    await writeFile(blobPath(image.layoutDir, layer.digest), Buffer.alloc(layer.size, 'x'));

    const pushing = pushImage({ layoutDir: image.layoutDir, registry, name: 'app', tags: ['v1'] });

    await expect(pushing).rejects.toMatchObject({ code: 'REGISTRY_CONTENT_MISMATCH' });
    expect(await registry.getManifest('app', 'v1')).toBeUndefined();
    await expect.poll(failedUploads).toEqual([]);
  });

  it('leaves no folder when a layer of the registry was changed', async () => {
    const image = await buildExample();
    const digest = await pushImage({ layoutDir: image.layoutDir, registry, name: 'app', tags: [] });
    const [layer] = (await readLayout(image.layoutDir)).layers;
    const hex = layer?.digest.slice(7) ?? '';
    await writeFile(path.join(server.rootDir, 'blobs', 'sha256', hex.slice(0, 2), hex), Buffer.alloc(layer?.size ?? 0));

    const pulling = pullImage({ registry, name: 'app', digest, outputDir: path.join(folder, 'pulled') });

    await expect(pulling).rejects.toMatchObject({ code: 'REGISTRY_CONTENT_MISMATCH' });
    expect(await readdir(folder)).toEqual(['image']);
  });

  it('says what is not there', async () => {
    const digest = digestOf(Buffer.from('nothing'));
    const pulling = pullImage({ registry, name: 'app', digest, outputDir: path.join(folder, 'pulled') });

    await expect(pulling).rejects.toMatchObject({ code: 'REGISTRY_CONTENT_MISSING' });
  });
});

const hasSkopeo = await access('/usr/bin/skopeo').then(
  () => true,
  () => false,
);

describe.skipIf(!hasSkopeo)('beside skopeo (skipped where it is not installed)', () => {
  const account = `${testAccount.username}:${testAccount.password}`;

  it('is read and written by it, digests kept', async () => {
    const image = await buildExample();
    const { host } = new URL(server.url);
    const skopeo = (...args: readonly string[]): Promise<unknown> =>
      runProgram('skopeo', ['--insecure-policy', ...args], { environment: { HOME: folder, TMPDIR: folder } });

    await skopeo(
      'copy',
      '--dest-tls-verify=false',
      `--dest-creds=${account}`,
      `oci:${image.layoutDir}`,
      `docker://${host}/s/app:v1`,
    );
    const stored = await registry.getManifest('s/app', 'v1');
    const back = path.join(folder, 'back');
    await skopeo(
      'copy',
      '--src-tls-verify=false',
      `--src-creds=${account}`,
      `docker://${host}/s/app:v1`,
      `oci:${back}:v1`,
    );

    expect(stored?.digest).toBe(image.manifest.digest);
    const index = JSON.parse(await readFile(path.join(back, 'index.json'), 'utf8')) as {
      manifests: { digest: string }[];
    };
    expect(index.manifests[0]?.digest).toBe(image.manifest.digest);
  });
});
