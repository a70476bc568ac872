import { explainDiskFull, joinInside } from '@slipway/host';
import { parseDigest } from '@slipway/domain';
import type { ExecutionResult } from '@slipway/ports';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { SandboxError } from './sandbox-error.ts';

export type PackedOutput = ExecutionResult['outputs'][number];

/** Writes the packed outputs, which follow one another on one stream, to a file each. */
export interface OutputCollector {
  /** Takes exactly this many bytes from the stream as the next output. */
  take(name: string, sizeBytes: number): Promise<void>;
  /** What was taken so far. */
  readonly outputs: readonly PackedOutput[];
  /** Deletes the half-written file, and with `isFailed` the whole ones. */
  close(isFailed: boolean): Promise<void>;
}

interface Draft {
  readonly file: string;
  readonly handle: FileHandle;
  readonly hash: ReturnType<typeof createHash>;
  size: number;
}

/**
 * Bytes are written and hashed as they come; only how many belonged to an output is told afterwards, and the next one
 * begins only when this one was acknowledged.
 *
 * @param onFault - a fault that nobody waits for: the folder is full, or more came than `maxBytes` in all.
 */
export function collectOutputs(
  stream: Readable,
  limits: { readonly outputDir: string; readonly maxBytes: number },
  onFault: (error: unknown) => void,
): OutputCollector {
  const outputs: PackedOutput[] = [];
  const waiting: (() => void)[] = [];
  let draft: Draft | undefined;
  let total = 0;

  async function write(chunk: Uint8Array): Promise<void> {
    total += chunk.length;
    if (total > limits.maxBytes) {
      throw new SandboxError('SANDBOX_OUTPUT_TOO_LARGE', `The outputs are larger than ${limits.maxBytes} bytes`);
    }
    draft ??= await openDraft(limits.outputDir);
    draft.hash.update(chunk);
    await draft.handle.writeFile(chunk);
    draft.size += chunk.length;
    for (const wake of waiting.splice(0)) wake();
  }

  async function pump(): Promise<void> {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) await write(chunk);
  }
  const ended = pump().catch((error: unknown) => onFault(explainDiskFull(error, limits.outputDir)));

  return {
    outputs,
    async take(name, sizeBytes) {
      while ((draft?.size ?? 0) < sizeBytes) {
        await Promise.race([new Promise<void>((resolve) => waiting.push(resolve)), ended.then(failEarly)]);
      }
      if (draft === undefined || draft.size !== sizeBytes) failEarly();
      const { file, handle, hash } = draft;
      draft = undefined;
      await handle.close();
      const target = joinInside(limits.outputDir, `${name}.tar`);
      await rename(file, target);
      outputs.push({ name, file: target, digest: parseDigest(`sha256:${hash.digest('hex')}`), sizeBytes });
    },
    async close(isFailed) {
      stream.destroy();
      await ended;
      await draft?.handle.close();
      if (draft !== undefined) await rm(draft.file, { force: true });
      draft = undefined;
      if (isFailed) for (const { file } of outputs) await rm(file, { force: true });
    },
  };
}

async function openDraft(folder: string): Promise<Draft> {
  await mkdir(folder, { recursive: true });
  const file = joinInside(folder, `.draft-${randomUUID()}`);
  return { file, handle: await open(file, 'wx', 0o600), hash: createHash('sha256'), size: 0 };
}

function failEarly(): never {
  throw new SandboxError('SANDBOX_BROKEN', 'The sandbox announced another output than it sent');
}
