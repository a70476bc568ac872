import type { EffectQueue } from '@slipway/ports';
import { DurableEngine } from './durable-engine.ts';
import type { EffectHandler, EngineLogger } from './effects/effect-handler.ts';

/** What the program composes an engine of. */
export interface EngineOptions {
  /** Of the database that holds the records: an effect is enqueued in their transactions. */
  readonly databaseUrl: string;
  /** Of this replica, the same after a restart: it takes up again what it had under way. */
  readonly executorId: string;
  readonly handlers: Readonly<Record<string, EffectHandler>>;
  /** Effects of each queue that run at once in this process. Every handler's queue must be here. */
  readonly queues: Readonly<Record<string, { readonly concurrency: number }>>;
  readonly logger: EngineLogger;
  /** The executor lock's connection broke: others may take over our work. End the process (exit code 70). Called once. */
  readonly onFenced: (error: unknown) => void;
  /** How often work is looked for that nobody here announced. @default 200 */
  readonly pollMs?: number;
  /** How often dead replicas are looked for. @default 2000 */
  readonly sweepMs?: number;
  /** How long a predecessor that just died may hold the executor lock. @default 3000 */
  readonly lockWaitMs?: number;
}

/** Where an effect stands; `failed` means that its handler was told. */
export type EffectStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** Durable effects on DBOS. One a process. */
export interface Engine {
  /**
   * Enqueues on the transaction of a `pg` client. @throws EngineError `EFFECT_KIND_UNKNOWN`.
   */
  effectQueue(): EffectQueue;
  /**
   * Ends an effect that waits or runs, on whatever replica (elsewhere within about a second). Repeatable. When it throws,
   * nothing may have been cancelled: repeat it.
   */
  cancel(key: string): Promise<void>;
  /** Absent when never enqueued, or pruned. */
  status(key: string): Promise<EffectStatus | undefined>;
  /** Begins nothing more, and waits until what runs has ended; false when that took longer. */
  drain(timeoutMs: number): Promise<boolean>;
  /** Drains, aborts what is left, and lets go. What did not end runs again after the next start. */
  stop(graceMs: number): Promise<void>;
  /**
   * Forgets effects that ended before then, and returns how many. Their keys count as new afterwards, so this is for
   * keys that nobody enqueues again.
   */
  prune(olderThan: Date): Promise<number>;
}

/**
 * Starts the engine: takes the executor lock, then takes up what this executor left, and looks for dead replicas.
 *
 * @throws {@link EngineError} `EXECUTOR_ALREADY_RUNS`, `ENGINE_ALREADY_RUNS`, `EFFECT_QUEUE_UNKNOWN`,
 *   `DATABASE_UNREACHABLE`.
 */
export function createEngine(options: EngineOptions): Promise<Engine> {
  return DurableEngine.start(options);
}
