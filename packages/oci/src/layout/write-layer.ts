import { type Digest, parseDigest } from '@slipway/domain';
import type { Descriptor } from '@slipway/ports';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Header, pack, type Pack } from 'tar-stream';

type Headers = Partial<Header> & Pick<Header, 'name'>;
import { mediaTypes } from '../media-types.ts';
import { blobPath } from './image-layout.ts';
import { type Content, type FileTree, sizeOf, sortedPaths, type TreeEntry } from './file-tree.ts';
import { storedGzip } from './stored-gzip.ts';

/** A layer as written: `diffId` is the digest of the tar inside. */
export interface WrittenLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/** Files up to this size are read at once; larger ones are streamed. */
const smallBytes = 1024 * 1024;

/**
 * Writes a tree as a layer blob of a layout: sorted, no times, owner root unless the entry says otherwise.
 * The same tree gives the same bytes on any machine.
 */
export async function writeLayer(layoutDir: string, tree: FileTree, signal?: AbortSignal): Promise<WrittenLayer> {
  const draft = path.join(layoutDir, `.layer-${randomBytes(8).toString('hex')}`);
  const tar = pack();
  const inner = hashing();
  const outer = hashing();
  const written = pipeline(
    // tar-stream's streams are streamx; a PassThrough of Node's makes errors and backpressure Node's.
    tar.pipe(new PassThrough({ highWaterMark: 1 << 20 })),
    inner.stream,
    storedGzip(),
    outer.stream,
    createWriteStream(draft, { flags: 'wx', mode: 0o644, flush: true }),
    { ...(signal === undefined ? {} : { signal }) },
  );
  const packed = packTree(tar, tree, signal).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
    inner.stream.destroy(error instanceof Error ? error : undefined);
    throw error;
  });
  // Whichever fails first is the cause; a broken sink must not leave the packer waiting.
  try {
    await Promise.race([Promise.all([packed, written]), written.then(() => packed)]);
  } finally {
    tar.destroy();
  }
  const digest = outer.digest();
  await rename(draft, blobPath(layoutDir, digest));
  return { descriptor: { mediaType: mediaTypes.layer, digest, size: outer.size() }, diffId: inner.digest() };
}

async function packTree(tar: Pack, tree: FileTree, signal: AbortSignal | undefined): Promise<void> {
  const files = new Map<string, Awaited<ReturnType<typeof open>>>();
  try {
    for (const name of sortedPaths(tree)) {
      signal?.throwIfAborted();
      const entry = tree.get(name);
      if (entry === undefined) continue;
      if (entry.kind !== 'file') await packEmpty(tar, headersOf(name, entry));
      else await packFile(tar, headersOf(name, entry), { content: entry.content, files });
    }
    tar.finalize();
  } finally {
    await Promise.all([...files.values()].map((handle) => handle.close()));
  }
}

function headersOf(name: string, entry: TreeEntry): Headers {
  const common = { mode: entry.mode, uid: entry.uid ?? 0, gid: entry.gid ?? 0, mtime: new Date(0) };
  if (entry.kind === 'folder') return { ...common, name: `${name}/`, type: 'directory' };
  if (entry.kind === 'link') return { ...common, name, type: 'symlink', linkname: entry.target };
  return { ...common, name, type: 'file', size: sizeOf(entry.content) };
}

function packEmpty(tar: Pack, headers: Headers): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(headers, (error) => (error ? reject(error) : resolve()));
  });
}

async function packFile(
  tar: Pack,
  headers: Headers,
  source: { readonly content: Content; readonly files: Map<string, Awaited<ReturnType<typeof open>>> },
): Promise<void> {
  const { content } = source;
  const isSmall = sizeOf(content) <= smallBytes;
  const bytes = content.kind === 'bytes' ? content.bytes : isSmall ? await readRange(content, source.files) : undefined;
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (bytes !== undefined) {
      tar.entry(headers, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), done);
      return;
    }
    if (content.kind !== 'range') return;
    const end = content.offset + content.size - 1;
    const reader = createReadStream(content.file, { start: content.offset, end, highWaterMark: 1 << 20 });
    reader.once('error', reject);
    reader.pipe(tar.entry(headers, done));
  });
}

async function readRange(
  content: Extract<Content, { kind: 'range' }>,
  files: Map<string, Awaited<ReturnType<typeof open>>>,
): Promise<Uint8Array> {
  const handle = files.get(content.file) ?? (await open(content.file, 'r'));
  files.set(content.file, handle);
  const bytes = Buffer.alloc(content.size);
  let done = 0;
  while (done < content.size) {
    const { bytesRead } = await handle.read(bytes, done, content.size - done, content.offset + done);
    if (bytesRead === 0) throw new Error(`${content.file} ended early`);
    done += bytesRead;
  }
  return bytes;
}

function hashing(): { readonly stream: Transform; digest(): Digest; size(): number } {
  const hash = createHash('sha256');
  let size = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(undefined, chunk);
    },
  });
  return { stream, digest: () => parseDigest(`sha256:${hash.digest('hex')}`), size: () => size };
}
