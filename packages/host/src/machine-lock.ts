import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HostError } from './host-error.ts';

/** A lock that one process of this machine holds; `release` returns when another one may take it. */
export interface MachineLock {
  release(): Promise<void>;
}

/**
 * Takes the kernel's lock on a file (flock(2)), waiting for its turn.
 *
 * A helper process holds it for as long as we live: when its owner dies, however it dies, the kernel gives the lock to the next
 * in line. So there is no identity to compare and no stale lock to take over, and containers that share the folder exclude each
 * other too.
 *
 * @param file - made when missing, and never removed: who waits for a removed file waits for nothing.
 * @throws {@link HostError} `PROGRAM_MISSING` without util-linux or BusyBox, `PROCESS_FAILED` when the file cannot be locked;
 *   the signal's reason when it came first.
 */
export async function takeMachineLock(
  file: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<MachineLock> {
  options.signal?.throwIfAborted();
  // The holder echoes what it is sent, so its first byte says that the lock is ours; it ends at the end of its input.
  const holder = spawn('flock', ['-x', '--', file, 'cat'], {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const abort = (): void => void holder.kill('SIGKILL');
  options.signal?.addEventListener('abort', abort, { once: true });
  const release = async (): Promise<void> => {
    holder.stdin.end();
    await closed;
  };
  try {
    await firstByte(holder, closed, file);
    if (options.signal?.aborted === true) await release();
    options.signal?.throwIfAborted();
    return { release };
  } catch (error) {
    holder.stdin.end();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

/** As {@link takeMachineLock}, for the time of some work. */
export async function withMachineLock<T>(
  file: string,
  options: { readonly signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const lock = await takeMachineLock(file, options);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

type Holder = ReturnType<typeof spawn> & {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
};

async function firstByte(holder: Holder, closed: Promise<void>, file: string): Promise<void> {
  let stderr = '';
  holder.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-2000)));
  holder.stdin.on('error', () => undefined);
  holder.stdin.write('\n');
  const failed = new Promise<never>((_, reject) => holder.once('error', reject));
  const ended = closed.then(() => {
    throw new HostError('PROCESS_FAILED', `flock could not lock ${file}: ${stderr.trim()}`);
  });
  ended.catch(() => undefined);
  failed.catch((error: unknown) => error);
  try {
    await Promise.race([once(holder.stdout, 'data'), failed, ended]);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw new HostError('PROGRAM_MISSING', 'flock is not on this machine', { cause: error });
    throw error;
  }
}
