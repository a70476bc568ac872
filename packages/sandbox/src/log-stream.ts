import type { Readable } from 'node:stream';
import { createMasker, maskText } from './masker.ts';

export interface LogStream {
  /** Resolves when every writer has closed the pipe and all was handed on. */
  readonly ended: Promise<void>;
  /** A line of the executor itself, between two chunks of the stage's. */
  note(line: string): void;
  /** Hands on what the masker holds back. */
  close(): void;
}

/** Hands a stage's log on, masked and bounded. Counts the bytes that the stage wrote, not what masking made of them. */
export function readLog(
  source: Readable,
  options: {
    readonly secrets: readonly string[];
    readonly maxBytes: number;
    readonly onLog: (chunk: Uint8Array) => void;
  },
  onLimit: () => void,
): LogStream {
  const masker = createMasker(options.secrets);
  let left = options.maxBytes;
  let isClosed = false;

  function give(chunk: Uint8Array): void {
    if (chunk.length > 0) options.onLog(chunk);
  }

  source.on('data', (chunk: Uint8Array) => {
    if (isClosed) return;
    give(masker.feed(chunk.subarray(0, Math.max(left, 0))));
    left -= chunk.length;
    if (left < 0) onLimit();
  });
  return {
    ended: new Promise((resolve) => source.once('close', () => resolve())),
    note(line) {
      const bytes = Buffer.from(`${maskText(options.secrets, line)}\n`);
      left -= bytes.length;
      if (left < 0) onLimit();
      else if (!isClosed) give(bytes);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      source.destroy();
      give(masker.flush());
    },
  };
}
