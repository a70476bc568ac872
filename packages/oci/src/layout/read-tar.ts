import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { ImageError } from '../errors.ts';

/** Bounds on what one tar may hold; beyond them `IMAGE_TOO_LARGE`. */
export interface TarLimits {
  readonly maxEntries: number;
  /** Bytes of the tar itself, headers included. */
  readonly maxBytes: number;
}

/** An entry of a tar; `body` must be read, or drained, before the next. */
export interface TarEntry {
  readonly name: string;
  readonly type: Header['type'];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkname: string;
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
  drain(): void;
}

const knownTypes: ReadonlySet<unknown> = new Set([
  'file',
  'link',
  'symlink',
  'directory',
  'block-device',
  'character-device',
  'fifo',
  'contiguous-file',
] satisfies Header['type'][]);

/**
 * Reads a tar entry by entry, within limits.
 *
 * @param stages - streams between the source and the tar, such as a decompressor; limits count what comes out of them.
 * @throws ImageError `IMAGE_CONTEXT_INVALID` for what is no tar, `IMAGE_TOO_LARGE`; a coded error of the source goes on.
 */
export async function readTar(
  source: Readable,
  options: {
    readonly stages?: readonly Transform[];
    readonly limits: TarLimits;
    readonly what: string;
    readonly signal?: AbortSignal | undefined;
  },
  take: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  const reader = extract();
  const taking = takeEntries(reader, options, take);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const feeding = pipeline(
    [source, ...(options.stages ?? []), bounded(options), reader as unknown as NodeJS.WritableStream],
    signal,
  );
  const [taken, fed] = await Promise.allSettled([taking, feeding]);
  const faults = [taken, fed].map((result) => (result.status === 'rejected' ? (result.reason as unknown) : undefined));
  options.signal?.throwIfAborted();
  const coded = faults.find((fault) => fault instanceof Error && 'code' in fault && 'next' in fault);
  if (coded !== undefined) throw coded;
  const [fault] = faults.filter((item) => item !== undefined);
  if (fault === undefined) return;
  throw new ImageError('IMAGE_CONTEXT_INVALID', `${options.what} is no readable tar`, { cause: fault });
}

async function takeEntries(
  reader: ReturnType<typeof extract>,
  options: { readonly limits: TarLimits; readonly what: string },
  take: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  let count = 0;
  for await (const entry of reader) {
    count += 1;
    if (count > options.limits.maxEntries) {
      throw new ImageError('IMAGE_TOO_LARGE', `${options.what} has more than ${options.limits.maxEntries} entries`);
    }
    const { name, type, mode, uid, gid, linkname, size } = entry.header;
    if (!knownTypes.has(type)) {
      throw new ImageError('IMAGE_CONTEXT_REFUSED', `${JSON.stringify(name)} is of an unknown kind`);
    }
    await take({
      name,
      type,
      mode,
      uid,
      gid,
      linkname: typeof linkname === 'string' ? linkname : '',
      size,
      body: bytesOf(entry),
      drain: () => void entry.resume(),
    });
  }
}

async function* bytesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) if (chunk instanceof Uint8Array) yield chunk;
}

function bounded(options: { readonly limits: TarLimits; readonly what: string }): Transform {
  let seen = 0;
  return new Transform({
    highWaterMark: 1 << 20,
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen <= options.limits.maxBytes) done(undefined, chunk);
      else done(new ImageError('IMAGE_TOO_LARGE', `${options.what} has more than ${options.limits.maxBytes} bytes`));
    },
  });
}
