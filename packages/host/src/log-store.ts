import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { type Digest, parseDigest } from '@slipway/domain';
import type { LogStore, LogWriter } from '@slipway/ports';
import { explainDiskFull } from './disk-full.ts';
import { joinInside } from './join-inside.ts';

const readBytes = 65_536;

/** Keeps logs as files below `folder`; followers of this process are woken by each write. */
export function createLogStore(folder: string): LogStore {
  const open = new Map<string, EventEmitter>();
  const fileOf = (id: string): string => `${joinInside(folder, id)}.log`;
  return {
    start: async (id) => startLog(fileOf(id), id, open),
    read: (id, options) => readLog(fileOf(id), () => (options.isFollowing ? open.get(id) : undefined), options),
  };
}

function startLog(file: string, id: string, open: Map<string, EventEmitter>): LogWriter {
  const descriptor = openLog(file);
  const hash = createHash('sha256');
  const wake = new EventEmitter().setMaxListeners(0);
  open.set(id, wake);
  let sizeBytes = 0;
  let fault: Error | undefined;
  return {
    // Called from the stream of a stage's output: an error thrown there would end the server. It waits for the end of the log.
    write(chunk) {
      if (fault !== undefined) return;
      try {
        writeFully(descriptor, chunk);
      } catch (error) {
        fault = explainDiskFull(error, file);
        return;
      }
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      wake.emit('grown');
    },
    async close() {
      closeSync(descriptor);
      if (open.get(id) === wake) open.delete(id);
      wake.emit('grown');
      if (fault !== undefined) {
        // Half a log is none: it could not be shown by its digest.
        rmSync(file, { force: true });
        throw fault;
      }
      const digest: Digest = parseDigest(`sha256:${hash.digest('hex')}`);
      return { digest, sizeBytes };
    },
  };
}

function openLog(file: string): number {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    return openSync(file, 'w', 0o600);
  } catch (error) {
    throw explainDiskFull(error, file);
  }
}

/** A disk that is nearly full takes a part of what it is given. */
function writeFully(descriptor: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.byteLength; ) done += writeSync(descriptor, chunk, done);
}

async function* readLog(
  file: string,
  growing: () => EventEmitter | undefined,
  options: { readonly from?: number; readonly signal?: AbortSignal },
): AsyncIterable<Uint8Array> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    let position = options.from ?? 0;
    for (;;) {
      // Asked before reading: a writer that closes in between leaves one more pass, never a lost end.
      const wake = growing();
      const grown =
        wake === undefined
          ? undefined
          : once(wake, 'grown', options.signal === undefined ? {} : { signal: options.signal });
      grown?.catch(() => undefined);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(readBytes), 0, readBytes, position);
      position += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (grown === undefined || options.signal?.aborted === true) return;
      else await grown.catch(() => undefined);
    }
  } finally {
    await handle.close();
  }
}
