import { setTimeout as sleep } from 'node:timers/promises';
import type { EffectContext, EffectFailure, EngineLogger } from './effect-handler.ts';
import { withFirstAbort } from './first-abort.ts';
import { decideRetry, pauseAfter } from './retry-rule.ts';
import type { Slots } from './slots.ts';

/** How an effect ended; kept by the engine, so plain JSON. */
export type EffectOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly failure: EffectFailure };

/** One effect's work in this process. */
export interface EffectRun {
  readonly kind: string;
  readonly key: string;
  readonly slots: Slots;
  /** This effect was cancelled. */
  readonly cancelled: AbortSignal;
  readonly gate: RunGate;
  readonly logger: EngineLogger;
}

/** Where runs end when the engine stops: nothing of them is recorded any more, so that the next start repeats them. */
export interface RunGate {
  /** No attempt begins any more. */
  readonly closing: AbortSignal;
  /** Attempts under way are to end. */
  readonly stopping: AbortSignal;
  /** Never resolves. */
  park(): Promise<never>;
}

/** Runs attempts until one succeeds, the rule says stop, or the effect is cancelled. Holds a slot at both ends. */
export async function runAttempts(
  run: EffectRun,
  attemptOnce: (context: EffectContext) => Promise<void>,
  maxAttempts: number | undefined,
): Promise<EffectOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryOnce(run, attemptOnce, attempt);
    if (result.isDone) return { kind: 'done' };
    if (isCancelled(run)) return { kind: 'cancelled' };

    const decision = decideRetry(result.error, attempt, { maxAttempts, random: Math.random });
    if (decision.kind === 'give-up') {
      run.logger.warn({ ...namesOf(run), attempt, code: decision.failure.code, err: result.error }, 'effect given up');
      return { kind: 'failed', failure: decision.failure };
    }
    run.logger.info(
      { ...namesOf(run), attempt, afterMs: decision.afterMs, err: result.error },
      'effect will be retried',
    );
    await pause(run, decision.afterMs);
    if (isCancelled(run)) return { kind: 'cancelled' };
  }
}

/** Repeats until it succeeds or the effect is cancelled: nobody else would tell of the failure. */
export async function runUntilDone(
  run: EffectRun,
  attemptOnce: (context: EffectContext) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryOnce(run, attemptOnce, attempt);
    if (result.isDone || isCancelled(run)) return;
    run.logger.error({ ...namesOf(run), attempt, err: result.error }, 'failure of an effect could not be handled');
    await pause(run, pauseAfter(attempt, Math.random));
    if (isCancelled(run)) return;
  }
}

type Attempt = { readonly isDone: true } | { readonly isDone: false; readonly error: unknown };

async function tryOnce(
  run: EffectRun,
  attemptOnce: (context: EffectContext) => Promise<void>,
  attempt: number,
): Promise<Attempt> {
  if (run.gate.closing.aborted) return run.gate.park();
  if (run.cancelled.aborted) return { isDone: false, error: run.cancelled.reason };
  try {
    await withFirstAbort([run.cancelled, run.gate.stopping], (signal) =>
      attemptOnce({ key: run.key, signal, attempt }),
    );
    return { isDone: true };
  } catch (error) {
    // Aborted by us, its error says nothing about the work.
    if (run.gate.stopping.aborted) return run.gate.park();
    return { isDone: false, error };
  }
}

/** Waits without a slot; cancelling ends the wait. */
async function pause(run: EffectRun, ms: number): Promise<void> {
  run.slots.release();
  await withFirstAbort([run.cancelled, run.gate.closing], (signal) =>
    sleep(ms, undefined, { signal }).catch(() => undefined),
  );
  if (run.gate.closing.aborted) return run.gate.park();
  await run.slots.take();
}

function isCancelled(run: EffectRun): boolean {
  return run.cancelled.aborted;
}

function namesOf(run: EffectRun): { readonly effect: string; readonly key: string } {
  return { effect: run.kind, key: run.key };
}
