import type { MetricPhase, Measurement, MetricRun } from './assess-metric.ts';

/**
 * Phases of a canary. `paused` and `inconclusive` wait for a person; `aborting` and `promoting` have decided and carry it out.
 */
export const canaryPhases = [
  'preparing',
  'progressing',
  'paused',
  'inconclusive',
  'promoting',
  'promoted',
  'aborting',
  'aborted',
] as const;
export type CanaryPhase = (typeof canaryPhases)[number];

/** One execution of an analysis: the one of a step (`step-2`), or one in the background (`background-0`). */
export interface AnalysisRun {
  readonly id: string;
  readonly startedAt: string;
  /** By name of the metric. */
  readonly metrics: Readonly<Record<string, MetricRun>>;
  /** Who decided to go on although it said nothing; it no longer decides then. */
  readonly waivedBy?: string;
}

/** How far a canary is: what {@link decideCanary} reads and what it returns. */
export interface CanaryProgress {
  readonly phase: CanaryPhase;
  /** Index of the present step; the number of steps when all are done. */
  readonly step: number;
  readonly stepStartedAt: string;
  /** Share of the requests, in percent, that the canary is to get. */
  readonly weight: number;
  readonly runs: readonly AnalysisRun[];
  /** Why it waits, aborts or has ended; for people. */
  readonly message: string;
  /** `at` of the last word of a person that was followed. */
  readonly handledControl?: string;
}

/** What a person says to a canary. `step` is what they saw when they said it. */
export interface CanaryControl {
  readonly action: 'resume' | 'abort';
  readonly step: number;
  readonly by: string;
  /** ISO 8601; tells one word from the next. */
  readonly at: string;
}

/** A canary as the server keeps and shows it. */
export interface CanaryReport {
  readonly phase: CanaryPhase;
  /** From 0; equals `steps` when all are done. */
  readonly step: number;
  readonly steps: number;
  /** Percent asked for. */
  readonly weight: number;
  /** Percent that the target really gives: differs where it shares by replicas. */
  readonly realShare: number;
  readonly metrics: readonly CanaryMetricReport[];
  readonly startedAt: string;
  readonly message: string;
  /** Requests that the canary answered; absent when the target does not count them. */
  readonly requests?: RequestTotals;
  /** Requests of the same Services since an abort took the canary's share away. */
  readonly requestsSinceAbort?: RequestTotals;
}

export interface RequestTotals {
  readonly total: number;
  /** Answered 5xx, or not at all. */
  readonly failed: number;
}

export interface CanaryMetricReport {
  readonly name: string;
  /** Which analysis: `step-2`, `background-0`. */
  readonly run: string;
  readonly phase: MetricPhase;
  readonly isDryRun: boolean;
  readonly value?: number;
  readonly baseline?: number;
  /** What the value is held against, such as `<= 0.01`. */
  readonly limit?: string;
  /** Measurements that were answered. */
  readonly count: number;
  readonly last?: Measurement['verdict'];
}
