import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, lstat, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { RuntimeError } from '../runtime-error.ts';
import { parseEntryPath, relativeLink, resolveInRoot } from './root-path.ts';

/** What one image may still take; shared by its layers. */
export interface UnpackBudget {
  bytesLeft: number;
  entriesLeft: number;
}

/** What tar-stream tells of an entry. */
interface EntryHeader {
  readonly name: string;
  readonly type?: string | null | undefined;
  readonly mode?: number | undefined;
  readonly linkname?: string | null | undefined;
}

interface LayerTarget {
  readonly root: string;
  readonly budget: UnpackBudget;
  /** Paths that this layer wrote: an opaque marker spares them wherever it stands in the layer. */
  readonly written: Set<string>;
}

/**
 * Unpacks one layer over a root (image-spec, layer.md): whiteouts remove, devices and everything that leaves the root are refused.
 * Files become readable by all and writable by nobody; setuid bits are dropped.
 *
 * @returns the digest of the uncompressed bytes, to compare with the image's `diff_ids`.
 * @throws {@link RuntimeError} `RUNTIME_IMAGE_INVALID`, `RUNTIME_IMAGE_TOO_LARGE`.
 */
export async function unpackLayer(
  source: Readable,
  options: {
    readonly root: string;
    readonly isGzip: boolean;
    readonly budget: UnpackBudget;
    readonly signal?: AbortSignal;
  },
): Promise<string> {
  const target: LayerTarget = { root: options.root, budget: options.budget, written: new Set() };
  const hash = createHash('sha256');
  const count = countBytes(options.budget, (chunk) => hash.update(chunk));
  const parser = extract();
  const unzip = options.isGzip ? [createGunzip()] : [];
  const feeding = pipeline(
    [source, ...unzip, count, parser],
    options.signal === undefined ? {} : { signal: options.signal },
  );
  const reading = readEntries(parser, target);
  // A refused entry destroys the parser, and the parser the feed: our own word comes before its echo.
  const reasons = (await Promise.allSettled([feeding, reading])).flatMap((end) =>
    end.status === 'rejected' ? [end.reason as unknown] : [],
  );
  if (reasons.length > 0) throw asImageError(reasons.find((reason) => reason instanceof RuntimeError) ?? reasons[0]);
  return `sha256:${hash.digest('hex')}`;
}

async function readEntries(parser: ReturnType<typeof extract>, target: LayerTarget): Promise<void> {
  for await (const entry of parser) {
    await writeEntry(entry.header, entry, target);
    entry.resume();
  }
}

function asImageError(error: unknown): unknown {
  if (error instanceof RuntimeError || (error instanceof Error && error.name === 'AbortError')) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Of the machine (ENOSPC) or of the registry's client: not the image's fault.
  if (/^E[A-Z]+$/.test(code) || code.startsWith('REGISTRY_')) return error;
  return new RuntimeError('RUNTIME_IMAGE_INVALID', 'a layer is no readable tar archive', { cause: error });
}

function countBytes(budget: UnpackBudget, seen: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      budget.bytesLeft -= chunk.length;
      if (budget.bytesLeft < 0) {
        done(new RuntimeError('RUNTIME_IMAGE_TOO_LARGE', 'the image unpacks to more bytes than allowed'));
        return;
      }
      seen(chunk);
      done(undefined, chunk);
    },
  });
}

async function writeEntry(header: EntryHeader, body: AsyncIterable<unknown>, target: LayerTarget): Promise<void> {
  target.budget.entriesLeft -= 1;
  if (target.budget.entriesLeft < 0)
    throw new RuntimeError('RUNTIME_IMAGE_TOO_LARGE', 'the image has more files than allowed');
  const parts = parseEntryPath(header.name);
  const base = parts.at(-1);
  if (base === undefined) return;
  const folder = await makeFolder(target, parts.slice(0, -1));
  if (base === '.wh..wh..opq') return clearFolder(folder, target);
  if (base.startsWith('.wh.')) {
    const hidden = parseEntryPath(base.slice('.wh.'.length))[0];
    if (hidden === undefined) throw new RuntimeError('RUNTIME_IMAGE_INVALID', 'a whiteout names nothing');
    return rm(path.join(folder, hidden), { recursive: true, force: true });
  }
  const file = path.join(folder, base);
  target.written.add(file);
  const found = await lstat(file).catch(() => undefined);
  if (header.type === 'directory') {
    if (found?.isDirectory() === true) return;
    if (found !== undefined) await rm(file);
    await mkdir(file, { mode: 0o755 });
    return;
  }
  if (found !== undefined) await rm(file, { recursive: true });
  await writeLeaf(header, body, { ...target, file, folder });
}

async function writeLeaf(
  header: EntryHeader,
  body: AsyncIterable<unknown>,
  at: LayerTarget & { readonly file: string; readonly folder: string },
): Promise<void> {
  if (header.type === 'file' || header.type === 'contiguous-file') {
    const mode = ((header.mode ?? 0) & 0o111) === 0 ? 0o444 : 0o555;
    await pipeline(Readable.from(body), createWriteStream(at.file, { flags: 'wx', mode }));
    return;
  }
  if (header.type === 'symlink') {
    const folder = path
      .relative(at.root, at.folder)
      .split('/')
      .filter((part) => part !== '');
    return symlink(relativeLink(folder, header.linkname ?? ''), at.file);
  }
  if (header.type === 'link') {
    const source = resolveInRoot(at.root, parseEntryPath((header.linkname ?? '').replace(/^\/+/, '')));
    const found = await lstat(source).catch(() => undefined);
    if (found?.isFile() === true) return link(source, at.file);
  }
  throw new RuntimeError(
    'RUNTIME_IMAGE_INVALID',
    `the layer entry ${JSON.stringify(header.name.slice(0, 200))} is a ${header.type ?? 'thing'} that is refused`,
  );
}

/** Makes the folders on the way, links of earlier layers followed inside the root; a file in the way gives way. */
async function makeFolder(target: LayerTarget, parts: readonly string[]): Promise<string> {
  for (let length = 1; length <= parts.length; length += 1) {
    const folder = resolveInRoot(target.root, parts.slice(0, length));
    const found = await lstat(folder).catch(() => undefined);
    if (found?.isDirectory() === true) continue;
    if (found !== undefined) await rm(folder);
    await mkdir(folder, { recursive: true, mode: 0o755 });
  }
  return resolveInRoot(target.root, parts);
}

async function clearFolder(folder: string, target: LayerTarget): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const isOfThisLayer = [...target.written].some((written) => written === file || written.startsWith(`${file}/`));
    if (!isOfThisLayer) await rm(file, { recursive: true, force: true });
  }
}
