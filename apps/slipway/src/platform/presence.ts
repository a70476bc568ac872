import path from 'node:path';
import { type MachineLock, takeMachineLock } from '@slipway/host';
import { CliError } from '../cli/cli-error.ts';

/** Parts of an installation that may be processes of their own on one state folder. */
export type Part = 'server' | 'operator';

/** One that was killed lets go within milliseconds; one that lives does not. */
const takeMs = 10_000;
const lookMs = 500;

function fileOf(root: string, part: Part): string {
  return path.join(root, part, `${part}.lock`);
}

/**
 * Says that this process is a part of the installation, for as long as it lives.
 *
 * @throws {@link CliError} `CLI_STATE_IN_USE` while another process is that part.
 */
export async function takePresence(root: string, part: Part): Promise<MachineLock> {
  return takeMachineLock(fileOf(root, part), { signal: AbortSignal.timeout(takeMs) }).catch((error: unknown) => {
    if (!isTimeout(error)) throw error;
    throw new CliError('CLI_STATE_IN_USE', `Another ${part} works on ${root}`, { cause: error });
  });
}

/** Tells whether another process is that part of the installation now. Ask only when this one is not. */
export async function isPresent(root: string, part: Part): Promise<boolean> {
  try {
    await (await takeMachineLock(fileOf(root, part), { signal: AbortSignal.timeout(lookMs) })).release();
    return false;
  } catch (error) {
    if (!isTimeout(error)) throw error;
    return true;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}
