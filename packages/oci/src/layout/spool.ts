import { type FileHandle, open } from 'node:fs/promises';
import type { Content } from './file-tree.ts';

/** One file that holds the bytes of many, end to end: a build of 400 files opens one, not 400. */
export interface Spool {
  /** Takes a file's bytes: into memory while there is room, else appended to the file. */
  add(chunks: AsyncIterable<Uint8Array>): Promise<Content>;
  close(): Promise<void>;
}

const bufferBytes = 1024 * 1024;
/** Larger files go to the disk, room or not. */
const smallBytes = 1024 * 1024;

/**
 * Makes a spool at a path where no file is.
 *
 * @param options - `memoryBytes`: how much of small files stays in memory, so that it need not be read again. @default 0
 */
export async function openSpool(file: string, options: { readonly memoryBytes?: number } = {}): Promise<Spool> {
  const handle = await open(file, 'wx', 0o600);
  let room = options.memoryBytes ?? 0;
  let written = 0;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const all = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    await writeAll(handle, all, written);
    written += all.length;
  };
  return {
    async add(chunks) {
      const offset = written + waitingBytes;
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of chunks) {
        parts.push(chunk);
        size += chunk.length;
        if (size <= Math.min(room, smallBytes)) continue;
        for (const part of parts.splice(0)) {
          waiting.push(part);
          waitingBytes += part.length;
        }
        if (waitingBytes >= bufferBytes) await flush();
      }
      if (size <= Math.min(room, smallBytes)) {
        room -= size;
        return { kind: 'bytes', bytes: Buffer.concat(parts) };
      }
      return { kind: 'range', file, offset, size };
    },
    async close() {
      try {
        await flush();
      } finally {
        await handle.close();
      }
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
