/** What a handler knows of its run. */
export interface EffectContext {
  /** Of the effect: what makes the work idempotent, since a crash repeats it under the same key. */
  readonly key: string;
  /** Aborts when the effect is cancelled or the engine stops; the reason is an {@link EngineError}. */
  readonly signal: AbortSignal;
  /** From 1; counts in this process, so a restart begins anew. */
  readonly attempt: number;
}

/** Why an effect ended without success, as kept by the engine. */
export interface EffectFailure {
  /** The coded error's code; `UNKNOWN` for any other. */
  readonly code: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
  /** Runs of the handler in the process that gave up. */
  readonly attempts: number;
}

/**
 * Does one kind of effect.
 *
 * An error that `run` throws is judged by its own rule: a coded error with `soon` runs again at once, with `backoff` after
 * growing pauses, with `never` not at all; any other error is retried a bounded number of times.
 */
export interface EffectHandler {
  /** Name of the queue whose slots the work takes; a pause between attempts takes none. */
  readonly queue: string;
  /** Runs of one process before an effect that keeps failing is given up; coded errors have no bound by default. */
  readonly maxAttempts?: number;
  /** At least once for each effect: must be safe to repeat with the same key, also after a part of it was done. */
  run(payload: Readonly<Record<string, unknown>>, context: EffectContext): Promise<void>;
  /** Told once the effect is given up, never after a cancellation. As durable as `run`: repeated until it succeeds. */
  failed(payload: Readonly<Record<string, unknown>>, failure: EffectFailure, context: EffectContext): Promise<void>;
}

/** Pino's order of arguments; messages are static, values are fields. */
export interface EngineLogger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
