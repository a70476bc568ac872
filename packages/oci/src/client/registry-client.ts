import { type Digest, isDigest } from '@slipway/domain';
import type { ArtifactRegistry, Descriptor, StoredManifest } from '@slipway/ports';
import { PassThrough, Readable, pipeline } from 'node:stream';
import { digestOf, verifyingStream } from '../digest-stream.ts';
import { RegistryError } from '../errors.ts';
import { isTag, maxManifestBytes, mediaTypes } from '../media-types.ts';
import { asTextList, parseJsonObject } from '../parse-json.ts';
import { readBounded, type RegistryCredential } from './registry-auth.ts';
import { createTransport, type RegistryTransport } from './registry-http.ts';

export interface RegistryClientOptions {
  /** Root of the registry, such as `https://registry.example`; http only on loopback. */
  readonly url: string;
  /** Host and port as they stand in image references. @default those of the URL */
  readonly host?: string;
  readonly credential?: RegistryCredential;
  /** Ends every request of this client. */
  readonly signal?: AbortSignal;
  /** For one request, its body included. @default 600000 */
  readonly timeoutMs?: number;
  /** @default 8 GiB */
  readonly maxBlobBytes?: number;
}

const accepted = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerIndex].join(', ');
const maxTagPages = 1000;

/**
 * A client of any OCI registry by fetch: Basic, and the token flow of the Bearer challenge.
 *
 * @throws RegistryError `REGISTRY_URL_REFUSED`.
 */
export function createRegistryClient(options: RegistryClientOptions): ArtifactRegistry {
  const transport = createTransport({ ...options, timeoutMs: options.timeoutMs ?? 600_000 });
  const maxBlobBytes = options.maxBlobBytes ?? 8 * 1024 ** 3;
  const joined = (given: { readonly signal?: AbortSignal } | undefined): AbortSignal | undefined =>
    given?.signal === undefined
      ? options.signal
      : options.signal === undefined
        ? given.signal
        : AbortSignal.any([given.signal, options.signal]);
  return {
    host: options.host ?? new URL(options.url).host,
    getManifest: (name, reference, given) => getManifest(transport, { name, reference, signal: joined(given) }),
    hasBlob: (name, digest, given) => hasBlob(transport, { name, digest, signal: joined(given) }),
    getBlob: (name, digest, given) => getBlob(transport, { name, digest, signal: joined(given), maxBlobBytes }),
    putBlob: (name, descriptor, open, given) => putBlob(transport, { name, descriptor, open, signal: joined(given) }),
    putManifest: (name, reference, manifest, given) =>
      putManifest(transport, { name, reference, manifest, signal: joined(given) }),
    listTags: (name, given) => listTags(transport, { name, signal: joined(given) }),
  };
}

interface Target {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

async function getManifest(
  transport: RegistryTransport,
  { name, reference, signal }: Target & { readonly reference: string },
): Promise<StoredManifest | undefined> {
  demandReference(reference);
  const response = await transport.send({
    method: 'GET',
    target: `/v2/${name}/manifests/${reference}`,
    name,
    action: 'pull',
    headers: { accept: accepted },
    accepts: [200, 404],
    signal,
  });
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  const bytes = await readBounded(response, maxManifestBytes);
  const digest = digestOf(bytes);
  const promised = isDigest(reference) ? reference : (response.headers.get('docker-content-digest') ?? digest);
  if (promised !== digest) {
    throw new RegistryError('REGISTRY_CONTENT_MISMATCH', `the manifest ${name}@${promised} has the bytes of ${digest}`);
  }
  const mediaType = (response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  return { mediaType, digest, bytes };
}

async function hasBlob(
  transport: RegistryTransport,
  { name, digest, signal }: Target & { readonly digest: Digest },
): Promise<boolean> {
  const target = `/v2/${name}/blobs/${digest}`;
  const response = await transport.send({ method: 'HEAD', target, name, action: 'pull', accepts: [200, 404], signal });
  return response.status === 200;
}

async function getBlob(
  transport: RegistryTransport,
  { name, digest, signal, maxBlobBytes }: Target & { readonly digest: Digest; readonly maxBlobBytes: number },
): Promise<Readable> {
  const target = `/v2/${name}/blobs/${digest}`;
  const response = await transport.send({ method: 'GET', target, name, action: 'pull', accepts: [200], signal });
  const source = Readable.from(response.body ?? [], { objectMode: false });
  // The callback is for the types: the error reaches the reader by the last stream.
  return pipeline(source, verifyingStream(digest, { maxBytes: maxBlobBytes }), () => undefined);
}

async function putBlob(
  transport: RegistryTransport,
  target: Target & { readonly descriptor: Descriptor; readonly open: () => Readable },
): Promise<void> {
  const { name, descriptor, signal } = target;
  if (await hasBlob(transport, { name, digest: descriptor.digest, signal })) return;
  const start = await transport.send({
    method: 'POST',
    target: `/v2/${name}/blobs/uploads/`,
    name,
    action: 'push',
    headers: { 'content-length': '0' },
    accepts: [202],
    signal,
  });
  await start.body?.cancel();
  const location = start.headers.get('location');
  if (location === null) throw new RegistryError('REGISTRY_REFUSED', `${name} got an upload without a location`);
  const url = new URL(location, start.url);
  url.searchParams.set('digest', descriptor.digest);
  const response = await transport.send({
    method: 'PUT',
    target: url.href,
    name,
    action: 'push',
    headers: { 'content-type': 'application/octet-stream' },
    body: { size: descriptor.size, open: () => openVerified(target) },
    accepts: [201],
    signal,
  });
  await response.body?.cancel();
}

function openVerified(target: { readonly descriptor: Descriptor; readonly open: () => Readable }): Readable {
  const { digest, size } = target.descriptor;
  const check = verifyingStream(digest, { size, maxBytes: size });
  return pipeline(target.open(), check, new PassThrough(), () => undefined);
}

async function putManifest(
  transport: RegistryTransport,
  { name, reference, manifest, signal }: Target & { readonly reference: string; readonly manifest: StoredManifest },
): Promise<void> {
  demandReference(reference);
  if (digestOf(manifest.bytes) !== manifest.digest || (isDigest(reference) && reference !== manifest.digest)) {
    throw new RegistryError('REGISTRY_CONTENT_MISMATCH', `the manifest to push is not ${manifest.digest}`);
  }
  if (manifest.bytes.length > maxManifestBytes) {
    throw new RegistryError('REGISTRY_CONTENT_TOO_LARGE', `the manifest has ${manifest.bytes.length} bytes`);
  }
  const response = await transport.send({
    method: 'PUT',
    target: `/v2/${name}/manifests/${reference}`,
    name,
    action: 'push',
    headers: { 'content-type': manifest.mediaType },
    body: {
      size: manifest.bytes.length,
      open: () => Readable.from([Buffer.from(manifest.bytes)], { objectMode: false }),
    },
    accepts: [200, 201, 202, 400, 409, 412],
    signal,
  });
  const said = await readBounded(response, 64 * 1024);
  if (response.ok) return;
  if (response.status === 400) throw new RegistryError('REGISTRY_MANIFEST_INVALID', refusalText(name, said));
  throw new RegistryError('REGISTRY_TAG_EXISTS', `${name}:${reference} stands for another digest`);
}

function refusalText(name: string, said: Uint8Array): string {
  const text = new TextDecoder().decode(said.subarray(0, 300)).replace(/[^\x20-\x7e]/g, '?');
  return `${name} was refused its manifest: ${text}`;
}

async function listTags(transport: RegistryTransport, { name, signal }: Target): Promise<readonly string[]> {
  const tags: string[] = [];
  let target: string | undefined = `/v2/${name}/tags/list?n=1000`;
  for (let page = 0; target !== undefined && page < maxTagPages; page += 1) {
    const response: Response = await transport.send({
      method: 'GET',
      target,
      name,
      action: 'pull',
      accepts: [200, 404],
      signal,
    });
    const json = parseJsonObject(await readBounded(response, maxManifestBytes));
    if (response.status === 404) return tags;
    tags.push(...(asTextList(json?.['tags'] ?? []) ?? []));
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
    target = next === undefined ? undefined : new URL(next, response.url).href;
  }
  return tags.sort();
}

function demandReference(reference: string): void {
  if (isTag(reference) || isDigest(reference)) return;
  throw new RegistryError('REGISTRY_NAME_INVALID', `${JSON.stringify(reference.slice(0, 200))} is no tag or digest`);
}
