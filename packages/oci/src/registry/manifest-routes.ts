import { readFile } from 'node:fs/promises';
import { type Digest, isDigest } from '@slipway/domain';
import { digestOf } from '../digest-stream.ts';
import { type ParsedManifest, parseManifest } from '../manifest.ts';
import { isTag, maxManifestBytes, mediaTypes } from '../media-types.ts';
import { answer, type Exchange, Refusal } from './answer.ts';
import { demandDigest } from './blob-routes.ts';
import type { Route, RouteContext } from './handler.ts';

const read: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'pull', repository);
  const digest = isDigest(reference)
    ? reference
    : isTag(reference)
      ? await context.repositories.readTag(repository, reference)
      : undefined;
  const mediaType = digest === undefined ? undefined : await context.repositories.manifestType(repository, digest);
  if (digest === undefined || mediaType === undefined) {
    throw new Refusal(404, 'MANIFEST_UNKNOWN', { message: 'manifest unknown to this repository' });
  }
  const bytes = await readFile(context.blobs.pathOf(digest));
  exchange.response.writeHead(200, {
    'docker-distribution-api-version': 'registry/2.0',
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    'content-type': mediaType,
    'content-length': bytes.length,
  });
  exchange.response.end(exchange.request.method === 'HEAD' ? undefined : bytes);
};

const write: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'push', repository);
  if (!isDigest(reference) && !isTag(reference)) {
    throw new Refusal(400, 'MANIFEST_INVALID', { message: 'the reference is neither a tag nor a SHA-256 digest' });
  }
  const bytes = await readManifestBody(exchange);
  const digest = digestOf(bytes);
  if (isDigest(reference) && reference !== digest) {
    throw new Refusal(400, 'DIGEST_INVALID', { message: 'the bytes are not those of the digest' });
  }
  const mediaType = (exchange.request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const manifest = parseManifest(bytes, mediaType);
  if (manifest === undefined) throw new Refusal(400, 'MANIFEST_INVALID', { message: 'not an image manifest or index' });
  await demandContent(context, repository, manifest);
  if (!isDigest(reference)) await demandFreeTag(context, repository, { tag: reference, digest });
  await keepManifest(context, repository, { bytes, digest, manifest });
  if (!isDigest(reference)) {
    const target = { digest, isImmutable: context.tagsAreImmutable };
    if (!(await context.repositories.writeTag(repository, reference, target))) throw tagTaken(reference);
  }
  answer(exchange, 201, {
    headers: {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(manifest.subject === undefined ? {} : { 'oci-subject': manifest.subject.digest }),
    },
  });
};

async function readManifestBody(exchange: Exchange): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> = exchange.request;
  for await (const bytes of body) {
    size += bytes.length;
    if (size > maxManifestBytes) throw new Refusal(413, 'SIZE_INVALID', { message: 'a manifest has at most 4 MiB' });
    chunks.push(bytes);
  }
  if (!exchange.request.complete) throw new Refusal(400, 'MANIFEST_INVALID', { message: 'the request broke off' });
  return Buffer.concat(chunks);
}

/** A manifest may name only what its repository has: else a tag could stand for an image that cannot be pulled. */
async function demandContent(context: RouteContext, repository: string, manifest: ParsedManifest): Promise<void> {
  for (const blob of manifest.blobs) {
    const isLinked = await context.repositories.hasBlob(repository, blob.digest);
    const size = isLinked ? await context.blobs.sizeOf(blob.digest) : undefined;
    if (size === undefined) throw new Refusal(400, 'MANIFEST_BLOB_UNKNOWN', { message: `${blob.digest} is missing` });
    if (size !== blob.size) {
      throw new Refusal(400, 'SIZE_INVALID', { message: `${blob.digest} has ${size} bytes, not ${blob.size}` });
    }
  }
  for (const child of manifest.manifests) {
    if ((await context.repositories.manifestType(repository, child.digest)) === undefined) {
      throw new Refusal(400, 'MANIFEST_BLOB_UNKNOWN', { message: `${child.digest} is missing` });
    }
  }
}

async function demandFreeTag(
  context: RouteContext,
  repository: string,
  wanted: { readonly tag: string; readonly digest: Digest },
): Promise<void> {
  if (!context.tagsAreImmutable) return;
  const held = await context.repositories.readTag(repository, wanted.tag);
  if (held !== undefined && held !== wanted.digest) throw tagTaken(wanted.tag);
}

function tagTaken(tag: string): Refusal {
  return new Refusal(409, 'DENIED', { message: `the tag ${tag} stands for another digest; tags never change here` });
}

async function keepManifest(
  context: RouteContext,
  repository: string,
  kept: { readonly bytes: Uint8Array; readonly digest: Digest; readonly manifest: ParsedManifest },
): Promise<void> {
  if ((await context.blobs.sizeOf(kept.digest)) === undefined) {
    const draft = await context.blobs.begin();
    await draft.append(kept.bytes);
    await draft.commit(kept.digest);
  }
  const { mediaType, subject, artifactType, annotations } = kept.manifest;
  if (subject !== undefined) {
    await context.repositories.addReferrer(repository, subject.digest, {
      mediaType,
      digest: kept.digest,
      size: kept.bytes.length,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    });
  }
  await context.repositories.linkManifest(repository, kept.digest, mediaType);
}

const tags: Route = async (context, exchange, { repository }) => {
  await context.demand(exchange, 'pull', repository);
  const all = await context.repositories.listTags(repository);
  if (all === undefined) throw new Refusal(404, 'NAME_UNKNOWN', { message: 'repository unknown' });
  const last = exchange.query.get('last');
  const after = last === null ? all : all.filter((tag) => tag > last);
  const wanted = exchange.query.get('n');
  const limit = wanted !== null && /^\d{1,6}$/.test(wanted) ? Number(wanted) : after.length;
  const page = after.slice(0, limit);
  const end = page.at(-1);
  const hasMore = end !== undefined && page.length < after.length;
  answer(exchange, 200, {
    json: { name: repository, tags: page },
    headers: hasMore
      ? { link: `</v2/${repository}/tags/list?n=${limit}&last=${encodeURIComponent(end)}>; rel="next"` }
      : {},
  });
};

const referrers: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'pull', repository);
  const all = await context.repositories.listReferrers(repository, demandDigest(reference));
  const artifactType = exchange.query.get('artifactType');
  const manifests = artifactType === null ? all : all.filter((referrer) => referrer.artifactType === artifactType);
  answer(exchange, 200, {
    json: { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    contentType: mediaTypes.index,
    headers: artifactType === null ? {} : { 'oci-filters-applied': 'artifactType' },
  });
};

/** Manifests, tags and referrers. @see distribution-spec 1.1, "Pushing manifests", "Content discovery". */
export const manifestRoutes = { read, write, tags, referrers } as const;
