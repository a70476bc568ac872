import { CodedError } from '@slipway/domain';
import type { EffectFailure } from './effect-handler.ts';

/** What follows a failed attempt. */
export type RetryDecision =
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'give-up'; readonly failure: EffectFailure };

const firstPauseMs = 200;
const longestPauseMs = 60_000;
/** Errors without a rule are retried, but not for ever: they may be faults of ours. */
const unknownAttempts = 10;
/** At-once retries that then turn to pauses: a head that keeps moving must not become a busy loop. */
const soonAttempts = 5;

/**
 * Decides whether an attempt that threw is repeated.
 *
 * @param attempt - number of the one that failed, from 1.
 * @param options - `maxAttempts` of the handler; `random` in [0, 1) spreads the pauses.
 */
export function decideRetry(
  error: unknown,
  attempt: number,
  options: { readonly maxAttempts?: number | undefined; readonly random: () => number },
): RetryDecision {
  const rule = error instanceof CodedError ? error.retry : undefined;
  const limit = options.maxAttempts ?? (rule === undefined ? unknownAttempts : Number.POSITIVE_INFINITY);
  if (rule === 'never' || attempt >= limit) return { kind: 'give-up', failure: describeFailure(error, attempt) };
  if (rule === 'soon' && attempt <= soonAttempts) return { kind: 'again', afterMs: 0 };
  const step = rule === 'soon' ? attempt - soonAttempts : attempt;
  return { kind: 'again', afterMs: pauseAfter(step, options.random) };
}

/** Milliseconds after so many failures: doubling up to a minute, half of it random, so never all at the same moment. */
export function pauseAfter(failures: number, random: () => number): number {
  const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 20));
  return Math.round(ceiling * (0.5 + random() / 2));
}

function describeFailure(error: unknown, attempts: number): EffectFailure {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 4000);
  if (!(error instanceof CodedError)) return { code: 'UNKNOWN', message, facts: {}, attempts };
  return { code: error.code, message, facts: { ...error.facts }, attempts };
}
