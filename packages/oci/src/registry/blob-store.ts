import { type Digest, parseDigest } from '@slipway/domain';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** Content on disk by its digest: `blobs/sha256/ab/abcd…`. A file there is whole, verified and on the disk itself. */
export interface BlobStore {
  pathOf(digest: Digest): string;
  /** Bytes; absent when there is no such blob. */
  sizeOf(digest: Digest): Promise<number | undefined>;
  begin(): Promise<BlobDraft>;
}

/** A blob being written; nobody sees it before {@link BlobDraft.commit}. One writer at a time. */
export interface BlobDraft {
  /** Bytes kept so far. */
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Lets go of the file between two requests, so that open uploads cost no descriptors. */
  rest(): Promise<void>;
  /** Keeps the draft under its digest; false, and nothing is kept, when the bytes are not those of the digest. */
  commit(expected: Digest): Promise<boolean>;
  discard(): Promise<void>;
}

/** Opens the store and sweeps what a crash left: drafts only, by construction. */
export function openBlobStore(rootDir: string): BlobStore {
  const drafts = path.join(rootDir, 'drafts');
  rmSync(drafts, { recursive: true, force: true });
  mkdirSync(drafts, { recursive: true, mode: 0o700 });
  const pathOf = (digest: Digest): string => path.join(rootDir, 'blobs', 'sha256', digest.slice(7, 9), digest.slice(7));
  return {
    pathOf,
    sizeOf: async (digest) => (await stat(pathOf(digest)).catch(absentIfMissing))?.size,
    begin: () => beginDraft(drafts, pathOf),
  };
}

async function beginDraft(drafts: string, pathOf: (digest: Digest) => string): Promise<BlobDraft> {
  const file = path.join(drafts, randomBytes(16).toString('hex'));
  const hash = createHash('sha256');
  let handle: FileHandle | undefined = await open(file, 'wx', 0o600);
  let size = 0;
  const reopen = async (): Promise<FileHandle> => {
    handle ??= await open(file, 'r+');
    return handle;
  };
  const rest = async (): Promise<void> => {
    const held = handle;
    handle = undefined;
    await held?.close();
  };
  const discard = async (): Promise<void> => {
    await rest();
    await rm(file, { force: true });
  };
  return {
    get size() {
      return size;
    },
    async append(chunk) {
      await writeFully(await reopen(), chunk, size);
      hash.update(chunk);
      size += chunk.length;
    },
    async commit(expected) {
      if (parseDigest(`sha256:${hash.digest('hex')}`) !== expected) {
        await discard();
        return false;
      }
      await (await reopen()).sync();
      await rest();
      await moveInto(file, pathOf(expected));
      return true;
    },
    rest,
    discard,
  };
}

async function writeFully(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

async function moveInto(file: string, target: string): Promise<void> {
  await ensureFolder(path.dirname(target));
  await rename(file, target);
  await syncFolder(path.dirname(target));
}

/** Makes a folder and those above it, on the disk itself. */
export async function ensureFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await syncFolder(path.dirname(made));
}

/** Puts a folder's entries on the disk, so that a rename in it survives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** For `catch`: absent when the file does not exist, else the error goes on. */
export function absentIfMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
  throw error;
}
