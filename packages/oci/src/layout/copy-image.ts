import type { Digest } from '@slipway/domain';
import type { ArtifactRegistry, BuiltImage, Cancellable, Descriptor } from '@slipway/ports';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { arch } from 'node:process';
import { pipeline } from 'node:stream/promises';
import { ImageError, RegistryError } from '../errors.ts';
import { type ParsedManifest, parseManifest } from '../manifest.ts';
import { beginLayout, blobPath, platformOf, readLayout, writeBlob, writeIndex } from './image-layout.ts';

/** How many blobs move at once. */
const parallel = 3;

/**
 * Pushes the image of a layout: missing blobs, then the manifest by digest, then each tag. Repeating it changes nothing.
 *
 * @returns the manifest's digest, which is what is deployed.
 * @throws ImageError `IMAGE_LAYOUT_INVALID`; RegistryError, of which `REGISTRY_TAG_EXISTS` for a tag of another image.
 */
export async function pushImage(
  options: {
    readonly layoutDir: string;
    readonly registry: ArtifactRegistry;
    readonly name: string;
    readonly tags: readonly string[];
  } & Cancellable,
): Promise<Digest> {
  const image = await readLayout(options.layoutDir);
  const cancellable = options.signal === undefined ? {} : { signal: options.signal };
  const { registry, name } = options;
  await eachOf(unique(image.parsed.blobs), (blob) =>
    registry.putBlob(name, blob, () => createReadStream(blobPath(options.layoutDir, blob.digest)), cancellable),
  );
  const { mediaType, digest } = image.manifest;
  const manifest = { mediaType, digest, bytes: image.manifestBytes };
  for (const reference of [digest, ...options.tags]) await registry.putManifest(name, reference, manifest, cancellable);
  return digest;
}

/**
 * Pulls an image into a new layout folder, every byte verified. An index is followed to this machine's platform.
 *
 * @throws RegistryError `REGISTRY_CONTENT_MISSING`, `REGISTRY_CONTENT_MISMATCH`; ImageError `IMAGE_OUTPUT_EXISTS`. Nothing is left then.
 */
export async function pullImage(
  options: {
    readonly registry: ArtifactRegistry;
    readonly name: string;
    readonly digest: Digest;
    readonly outputDir: string;
  } & Cancellable,
): Promise<BuiltImage> {
  if ((await stat(options.outputDir).catch(() => undefined)) !== undefined) {
    throw new ImageError('IMAGE_OUTPUT_EXISTS', 'the folder to pull into is there already');
  }
  const draft = `${options.outputDir}.partial`;
  await rm(draft, { recursive: true, force: true });
  try {
    await beginLayout(draft);
    const { manifest, parsed } = await fetchManifest(options, draft);
    await eachOf(unique(parsed.blobs), (blob) => fetchBlob(options, draft, blob));
    await writeIndex(draft, manifest);
    const image = await readLayout(draft);
    await rename(draft, options.outputDir);
    return { layoutDir: options.outputDir, manifest, platform: platformOf(image.config) };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

type Source = { readonly registry: ArtifactRegistry; readonly name: string } & Cancellable;

async function fetchManifest(
  options: Source & { readonly digest: Digest },
  layoutDir: string,
): Promise<{ readonly manifest: Descriptor; readonly parsed: ParsedManifest }> {
  const cancellable = options.signal === undefined ? {} : { signal: options.signal };
  let digest = options.digest;
  // An index may name an index; more than one such step is nothing anybody pushes.
  for (let depth = 0; depth < 3; depth += 1) {
    const stored = await options.registry.getManifest(options.name, digest, cancellable);
    if (stored === undefined) {
      throw new RegistryError('REGISTRY_CONTENT_MISSING', `${options.name}@${digest} is not in the registry`);
    }
    const parsed = parseManifest(stored.bytes, stored.mediaType);
    if (parsed?.kind === 'image') {
      return { manifest: await writeBlob(layoutDir, stored.mediaType, stored.bytes), parsed };
    }
    const architecture = arch === 'x64' ? 'amd64' : arch;
    const child = parsed?.manifests.find(
      ({ platform }) => platform?.['os'] === 'linux' && platform['architecture'] === architecture,
    );
    if (child === undefined) break;
    digest = child.digest;
  }
  throw new RegistryError(
    'REGISTRY_MANIFEST_INVALID',
    `${options.name}@${options.digest} has no image for this platform`,
  );
}

async function fetchBlob(options: Source, layoutDir: string, blob: Descriptor): Promise<void> {
  const cancellable = options.signal === undefined ? {} : { signal: options.signal };
  const source = await options.registry.getBlob(options.name, blob.digest, cancellable);
  const file = blobPath(layoutDir, blob.digest);
  await pipeline(source, createWriteStream(file, { flags: 'wx', flush: true }), cancellable);
  if ((await stat(file)).size !== blob.size) {
    throw new RegistryError('REGISTRY_CONTENT_MISMATCH', `${blob.digest} has another size than its manifest says`);
  }
}

function unique(blobs: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}

/** Works on all items, a few at once; the first fault ends it when those under way have ended. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  let hasFailed = false;
  const workers = Array.from({ length: parallel }, async () => {
    for (const item of queue) {
      if (hasFailed) return;
      await work(item).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  });
  const results = await Promise.allSettled(workers);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
