import type { Digest } from '@slipway/domain';
import type { Readable } from 'node:stream';

/** Bytes by their digest: outputs of stages, kept on disk. */
export interface ContentStore {
  /** Takes a file over (moves it); a digest that is there already costs nothing. */
  take(file: string, digest: Digest): Promise<void>;
  has(digest: Digest): Promise<boolean>;
  /** @throws HostError `CONTENT_MISSING`. */
  open(digest: Digest): Readable;
  /** Where the bytes lie, for readers of this machine that never write. */
  pathOf(digest: Digest): string;
  /** A new empty folder for drafts on the same file system; the caller removes it. */
  draftFolder(): Promise<string>;
}

/** A log that grows while its stage runs. Ids are paths such as `run/stage/1`. */
export interface LogStore {
  /** Starts a log anew; what an earlier attempt of the same id left is replaced. */
  start(id: string): Promise<LogWriter>;
  /**
   * Bytes from `from` on. With `isFollowing` the stream goes on until the writer closes; without, it ends at the present end.
   * Empty when there is no such log.
   */
  read(
    id: string,
    options: { readonly from?: number; readonly isFollowing: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
}

export interface LogWriter {
  /** Never throws: what could not be written fails `close`. */
  write(chunk: Uint8Array): void;
  /** Ends the log; the digest is over all its bytes. @throws HostError `DISK_FULL`; nothing of the log is left then. */
  close(): Promise<{ readonly digest: Digest; readonly sizeBytes: number }>;
}
