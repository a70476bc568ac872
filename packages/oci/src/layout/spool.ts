import { type FileHandle, open } from 'node:fs/promises';
import type { Content } from './file-tree.ts';

/** One file that holds the bytes of many, end to end: a build of 400 files opens one, not 400. */
export interface Spool {
  /** Appends a file's bytes. */
  add(chunks: AsyncIterable<Uint8Array>): Promise<Extract<Content, { kind: 'range' }>>;
  close(): Promise<void>;
}

const bufferBytes = 1024 * 1024;

/** Makes a spool at a path where no file is. */
export async function openSpool(file: string): Promise<Spool> {
  const handle = await open(file, 'wx', 0o600);
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
      let size = 0;
      for await (const chunk of chunks) {
        waiting.push(chunk);
        waitingBytes += chunk.length;
        size += chunk.length;
        if (waitingBytes >= bufferBytes) await flush();
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
