import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { parseDigest, type Digest } from '@slipway/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArtifactRegistry, Descriptor, StoredManifest } from '../registry.ts';

/** A registry that the suite may fill; repositories `contract/*` are its own. */
export interface RegistryUnderTest {
  readonly registry: ArtifactRegistry;
  readonly close: () => Promise<void>;
}

/** Tests that a registry cannot pass, each with the reason. */
export interface RegistryContractOptions {
  readonly lacks?: readonly { readonly test: string; readonly because: string }[];
}

const layerType = 'application/vnd.oci.image.layer.v1.tar';
const configType = 'application/vnd.oci.image.config.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** What every adapter of {@link ArtifactRegistry} does. `make` is called once; each test uses a repository of its own. */
export function artifactRegistryContract(
  name: string,
  make: () => Promise<RegistryUnderTest>,
  options: RegistryContractOptions = {},
): void {
  describe(`artifact registry contract: ${name}`, () => {
    let under: RegistryUnderTest;
    const run = (test: string, work: (registry: ArtifactRegistry) => Promise<void>): void => {
      const gap = options.lacks?.find((lack) => lack.test === test);
      it.skipIf(gap !== undefined)(gap === undefined ? test : `${test} (lacks: ${gap.because})`, () =>
        work(under.registry),
      );
    };

    beforeAll(async () => {
      under = await make();
    });

    afterAll(() => under.close());

    readingContract(run);
    writingContract(run);
    tagContract(run);
  });
}

type Run = (test: string, work: (registry: ArtifactRegistry) => Promise<void>) => void;

function readingContract(run: Run): void {
  run('knows no manifest, blob or tag of a repository nobody pushed to', async (registry) => {
    const digest = digestOf(Buffer.from('never pushed'));

    expect(await registry.getManifest('contract/nothing', 'v1')).toBeUndefined();
    expect(await registry.getManifest('contract/nothing', digest)).toBeUndefined();
    expect(await registry.hasBlob('contract/nothing', digest)).toBe(false);
    expect(await registry.listTags('contract/nothing')).toEqual([]);
    await expect(registry.getBlob('contract/nothing', digest)).rejects.toMatchObject({
      code: 'REGISTRY_CONTENT_MISSING',
    });
  });

  run('gives back a manifest byte for byte, by tag and by digest', async (registry) => {
    const manifest = await pushImage(registry, 'contract/read', 'one');
    await registry.putManifest('contract/read', 'v1', manifest);

    const byTag = await registry.getManifest('contract/read', 'v1');
    const byDigest = await registry.getManifest('contract/read', manifest.digest);

    expect(Buffer.from(byTag?.bytes ?? []).equals(manifest.bytes)).toBe(true);
    expect(byTag?.digest).toBe(manifest.digest);
    expect(byTag?.mediaType).toBe(manifestType);
    expect(byDigest?.digest).toBe(manifest.digest);
  });

  run('ends a request when its signal does', async (registry) => {
    const signal = AbortSignal.abort(new Error('stopped by the test'));

    await expect(registry.listTags('contract/read', { signal })).rejects.toThrow('stopped by the test');
  });
}

function writingContract(run: Run): void {
  run('keeps a blob of several megabytes', async (registry) => {
    const bytes = Buffer.alloc(5_000_003, 'slipway ');
    const descriptor = describeBlob(layerType, bytes);

    await registry.putBlob('contract/blob', descriptor, () => Readable.from([bytes]));
    const read = await buffer(await registry.getBlob('contract/blob', descriptor.digest));

    expect(read.equals(bytes)).toBe(true);
    expect(await registry.hasBlob('contract/blob', descriptor.digest)).toBe(true);
  });

  run('does not read the source of a blob that is there', async (registry) => {
    const bytes = Buffer.from('there already');
    const descriptor = describeBlob(layerType, bytes);
    await registry.putBlob('contract/twice', descriptor, () => Readable.from([bytes]));
    let opened = 0;

    await registry.putBlob('contract/twice', descriptor, () => {
      opened += 1;
      return Readable.from([bytes]);
    });

    expect(opened).toBe(0);
  });

  run('keeps nothing of a blob whose bytes are not those of its digest', async (registry) => {
    const right = Buffer.from('the right bytes');
    const wrong = Buffer.from('the wrong bytes');
    const descriptor = describeBlob(layerType, right);

    const put = registry.putBlob('contract/mismatch', descriptor, () => Readable.from([wrong]));

    await expect(put).rejects.toMatchObject({ code: 'REGISTRY_CONTENT_MISMATCH' });
    expect(await registry.hasBlob('contract/mismatch', descriptor.digest)).toBe(false);
  });

  run('refuses a manifest that does not match its digest', async (registry) => {
    const manifest = await pushImage(registry, 'contract/lie', 'lie');
    const other = { ...manifest, digest: digestOf(Buffer.from('other')) };

    await expect(registry.putManifest('contract/lie', 'v1', other)).rejects.toMatchObject({
      code: 'REGISTRY_CONTENT_MISMATCH',
    });
    expect(await registry.getManifest('contract/lie', 'v1')).toBeUndefined();
  });

  run('refuses a manifest whose layer is missing', async (registry) => {
    const manifest = makeManifest([describeBlob(layerType, Buffer.from('never pushed either'))]);

    await expect(registry.putManifest('contract/missing', 'v1', manifest)).rejects.toMatchObject({
      code: 'REGISTRY_MANIFEST_INVALID',
    });
  });
}

function tagContract(run: Run): void {
  run('lists tags in order', async (registry) => {
    const manifest = await pushImage(registry, 'contract/tags', 'tags');
    for (const tag of ['v2', 'a', 'v10']) await registry.putManifest('contract/tags', tag, manifest);

    expect(await registry.listTags('contract/tags')).toEqual(['a', 'v10', 'v2']);
  });

  run('takes the same image under the same tag twice', async (registry) => {
    const manifest = await pushImage(registry, 'contract/again', 'again');

    await registry.putManifest('contract/again', 'v1', manifest);
    await registry.putManifest('contract/again', 'v1', manifest);

    expect((await registry.getManifest('contract/again', 'v1'))?.digest).toBe(manifest.digest);
  });

  run('refuses a tag that stands for another image', async (registry) => {
    const first = await pushImage(registry, 'contract/immutable', 'first');
    const second = await pushImage(registry, 'contract/immutable', 'second');
    await registry.putManifest('contract/immutable', 'v1', first);

    await expect(registry.putManifest('contract/immutable', 'v1', second)).rejects.toMatchObject({
      code: 'REGISTRY_TAG_EXISTS',
    });
    expect((await registry.getManifest('contract/immutable', 'v1'))?.digest).toBe(first.digest);
  });
}

async function pushImage(registry: ArtifactRegistry, name: string, text: string): Promise<StoredManifest> {
  const layer = Buffer.from(`layer ${text}`);
  const config = Buffer.from('{}');
  const manifest = makeManifest([describeBlob(layerType, layer)]);
  await registry.putBlob(name, describeBlob(layerType, layer), () => Readable.from([layer]));
  await registry.putBlob(name, describeBlob(configType, config), () => Readable.from([config]));
  await registry.putManifest(name, manifest.digest, manifest);
  return manifest;
}

function makeManifest(layers: readonly Descriptor[]): StoredManifest {
  const config = describeBlob(configType, Buffer.from('{}'));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers }));
  return { mediaType: manifestType, digest: digestOf(bytes), bytes };
}

function describeBlob(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}
