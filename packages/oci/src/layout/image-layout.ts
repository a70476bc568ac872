import { type Digest, parseDigest } from '@slipway/domain';
import type { BuiltImage, Descriptor } from '@slipway/ports';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { digestOf, verifyingStream } from '../digest-stream.ts';
import { ImageError } from '../errors.ts';
import { parseDescriptor, parseManifest, type ParsedManifest } from '../manifest.ts';
import { maxManifestBytes, mediaTypes } from '../media-types.ts';
import { asObject, type JsonObject, parseJsonObject } from '../parse-json.ts';

/** An image read from a layout: small parts parsed, layers still on disk. */
export interface LayoutImage {
  readonly layoutDir: string;
  readonly manifest: Descriptor;
  readonly manifestBytes: Uint8Array;
  readonly parsed: ParsedManifest;
  readonly config: JsonObject;
  readonly layers: readonly Descriptor[];
}

/** Where a blob stands in a layout. @see OCI image-spec, image-layout.md. */
export function blobPath(layoutDir: string, digest: Digest): string {
  return path.join(layoutDir, 'blobs', 'sha256', digest.slice(7));
}

/** Starts a layout: its folder for blobs. */
export async function beginLayout(layoutDir: string): Promise<void> {
  await mkdir(path.join(layoutDir, 'blobs', 'sha256'), { recursive: true });
}

/** Writes bytes as a blob and returns their descriptor. */
export async function writeBlob(layoutDir: string, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const digest = digestOf(bytes);
  await writeSynced(blobPath(layoutDir, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

/** Brings a blob of another layout in: by hard link where the file system allows, else by copy. */
export async function takeBlob(from: string, to: string, digest: Digest): Promise<void> {
  const target = blobPath(to, digest);
  if ((await stat(target).catch(() => undefined)) !== undefined) return;
  await link(blobPath(from, digest), target).catch(() => copyFile(blobPath(from, digest), target));
}

/** Makes the layout complete: config and manifest as blobs, then the index that names it. */
export async function finishLayout(
  layoutDir: string,
  image: { readonly config: JsonObject; readonly layers: readonly Descriptor[] },
): Promise<Omit<BuiltImage, 'layoutDir'>> {
  const config = await writeBlob(layoutDir, mediaTypes.config, jsonBytes(image.config));
  const manifest = await writeBlob(
    layoutDir,
    mediaTypes.manifest,
    jsonBytes({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: image.layers }),
  );
  await writeIndex(layoutDir, manifest);
  return { manifest, platform: platformOf(image.config) };
}

/** Writes the two files that make a folder of blobs a layout. */
export async function writeIndex(layoutDir: string, manifest: Descriptor): Promise<void> {
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [manifest] };
  await writeSynced(path.join(layoutDir, 'index.json'), jsonBytes(index));
  await writeSynced(path.join(layoutDir, 'oci-layout'), jsonBytes({ imageLayoutVersion: '1.0.0' }));
}

/**
 * Reads the one image of a layout; manifest and config are verified, layers are not (see {@link verifyLayers}).
 *
 * @throws ImageError `IMAGE_LAYOUT_INVALID`.
 */
export async function readLayout(layoutDir: string): Promise<LayoutImage> {
  const invalid = (why: string, cause?: unknown): never => {
    throw new ImageError('IMAGE_LAYOUT_INVALID', `the image layout is not whole: ${why}`, { cause });
  };
  const readSmall = async (file: string): Promise<Uint8Array> => {
    const found = await stat(file).catch((error: unknown) => invalid(path.basename(file), error));
    return found.size > maxManifestBytes ? invalid(`${path.basename(file)} is too large`) : readFile(file);
  };
  const index = parseJsonObject(await readSmall(path.join(layoutDir, 'index.json')));
  const list: readonly unknown[] = Array.isArray(index?.['manifests']) ? index['manifests'] : [];
  const manifest = list.length === 1 ? parseDescriptor(list[0]) : undefined;
  if (manifest === undefined) return invalid('index.json does not name one image');
  const manifestBytes = await readSmall(blobPath(layoutDir, manifest.digest));
  const parsed = parseManifest(manifestBytes, manifest.mediaType);
  const [config, ...layers] = parsed?.blobs ?? [];
  if (parsed === undefined || config === undefined || digestOf(manifestBytes) !== manifest.digest) {
    return invalid('its manifest is wrong');
  }
  const configBytes = await readSmall(blobPath(layoutDir, config.digest));
  const configJson = parseJsonObject(configBytes);
  if (configJson === undefined || digestOf(configBytes) !== config.digest) return invalid('its config is wrong');
  return { layoutDir, manifest, manifestBytes, parsed, config: configJson, layers };
}

/** @throws RegistryError `REGISTRY_CONTENT_MISMATCH` for a layer whose bytes are not those of its digest. */
export async function verifyLayers(image: LayoutImage): Promise<void> {
  for (const { digest, size } of image.layers) {
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    await pipeline(
      createReadStream(blobPath(image.layoutDir, digest)),
      verifyingStream(digest, { size, maxBytes: size }),
      sink,
    );
  }
}

/** Platform as the config names it; `unknown` where it does not. */
export function platformOf(config: JsonObject): BuiltImage['platform'] {
  const { os, architecture } = config;
  return {
    os: typeof os === 'string' ? os : 'unknown',
    architecture: typeof architecture === 'string' ? architecture : 'unknown',
  };
}

/** The uncompressed layers' digests, as the config lists them. */
export function diffIdsOf(config: JsonObject): readonly Digest[] {
  const ids = asObject(config['rootfs'])?.['diff_ids'];
  return (Array.isArray(ids) ? ids : []).map((id) => parseDigest(String(id)));
}

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'w', 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
