import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Digest, isDigest } from '@slipway/domain';
import { type Exchange, Refusal } from './answer.ts';
import type { Route } from './handler.ts';

/** @throws Refusal 400 `DIGEST_INVALID`; only SHA-256 is kept here. */
export function demandDigest(text: string | undefined): Digest {
  if (text !== undefined && isDigest(text)) return text;
  throw new Refusal(400, 'DIGEST_INVALID', { message: 'the digest must be sha256: and 64 lower-case hex digits' });
}

const read: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'pull', repository);
  const digest = demandDigest(reference);
  // Only what this repository has linked: a digest alone is no right to read.
  const isLinked = await context.repositories.hasBlob(repository, digest);
  const size = isLinked ? await context.blobs.sizeOf(digest) : undefined;
  if (size === undefined) throw new Refusal(404, 'BLOB_UNKNOWN', { message: 'blob unknown to this repository' });
  const range = readRange(exchange, size);
  const headers = {
    'docker-content-digest': digest,
    'docker-distribution-api-version': 'registry/2.0',
    etag: `"${digest}"`,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
  };
  if (exchange.request.method === 'HEAD' || size === 0) {
    exchange.response.writeHead(200, { ...headers, 'content-length': size });
    exchange.response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  exchange.response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    'content-length': end - start + 1,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  await pipeline(createReadStream(context.blobs.pathOf(digest), { start, end }), exchange.response);
};

/** One range of bytes (RFC 9110, 14.2); another unit or several ranges are ignored, as the RFC allows. */
function readRange(exchange: Exchange, size: number): { readonly start: number; readonly end: number } | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(exchange.request.headers.range ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start <= end) return { start, end };
  throw new Refusal(416, 'SIZE_INVALID', {
    message: 'the range is outside the blob',
    headers: { 'content-range': `bytes */${size}` },
  });
}

/** Reading blobs. @see distribution-spec 1.1, "Pulling blobs". */
export const blobRoutes = { read } as const;
