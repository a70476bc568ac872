import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@slipway/domain';
import type { EnvironmentPolicy } from './policy.ts';

/** The last policies that were heard of, kept where a restart finds them. */
export interface PolicyMemory {
  /** Absent when none were ever heard of. */
  read(): Promise<readonly EnvironmentPolicy[] | undefined>;
  /** Replaces them in one step: a crash leaves the old ones or the new. */
  write(policies: readonly EnvironmentPolicy[]): Promise<void>;
}

/** How policies are followed. */
export interface FollowOptions {
  /** One connection: the policies as they are, then after each change. Ends or throws when it breaks. */
  readonly connect: (signal: AbortSignal) => AsyncIterable<readonly EnvironmentPolicy[]>;
  readonly memory: PolicyMemory;
  /** The server cannot be reached; it is tried again. */
  readonly onAway: (error: unknown) => void;
  readonly signal: AbortSignal;
  /** Milliseconds before the second attempt. @default 200 */
  readonly firstRetryMs?: number;
}

const lastRetryMs = 5_000;

/**
 * Follows the policies of a server that comes and goes, until the signal.
 *
 * The kept ones count only when the first attempt finds nobody: who starts beside a living server begins with what it wants now, not
 * with what it wanted before. Each is still believed by its signature alone.
 *
 * @throws the first {@link CodedError} of a connection that is final: the server answers and refuses us.
 */
export async function* followPolicies(options: FollowOptions): AsyncGenerator<readonly EnvironmentPolicy[]> {
  const { connect, memory, signal } = options;
  const isOver = (): boolean => signal.aborted;
  let hasPolicies = false;
  for (let failures = 0; !isOver(); failures++) {
    try {
      for await (const policies of connect(signal)) {
        failures = 0;
        hasPolicies = true;
        await memory.write(policies);
        yield policies;
      }
    } catch (error) {
      if (isOver()) return;
      if (error instanceof CodedError && error.retry === 'never') throw error;
      options.onAway(error);
    }
    if (!hasPolicies) {
      const kept = await memory.read();
      hasPolicies = true;
      if (kept !== undefined) yield kept;
    }
    const pauseMs = Math.min(lastRetryMs, (options.firstRetryMs ?? 200) * 2 ** Math.min(failures, 8));
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
