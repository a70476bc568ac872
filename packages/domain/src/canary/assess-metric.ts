import { meets, needsBaseline } from './metric-condition.ts';
import type { MetricDefinition } from './strategy.ts';

/** What one measurement says. `error`: nobody answered, so nothing is known. */
export const measurementVerdicts = ['successful', 'failed', 'inconclusive', 'error'] as const;
export type MeasurementVerdict = (typeof measurementVerdicts)[number];

/** One answer. */
export interface Measurement {
  readonly at: string;
  readonly verdict: MeasurementVerdict;
  /** Absent: no data, or not a number. */
  readonly value?: number;
  readonly baseline?: number;
  /** Why there is no value. */
  readonly message?: string;
}

/** What was measured of one metric: counters of all measurements, and the last few of them. */
export interface MetricRun {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly errors: number;
  readonly consecutiveErrors: number;
  readonly consecutiveSuccesses: number;
  /** Newest last, {@link keptMeasurements} at most. */
  readonly recent: readonly Measurement[];
}

/** Measurements kept of a metric; the counters keep the rest. */
export const keptMeasurements = 10;

/** How long an error waits for the next attempt, whatever the interval. */
export const errorRetryMs = 10_000;

export const emptyMetricRun: MetricRun = {
  successful: 0,
  failed: 0,
  inconclusive: 0,
  errors: 0,
  consecutiveErrors: 0,
  consecutiveSuccesses: 0,
  recent: [],
};

/** An answer of a provider: `unreachable` when it gave none; a `value` that is absent is no data. */
export type MetricAnswer =
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'answer'; readonly value?: number; readonly baseline?: number };

/**
 * What one answer means.
 *
 * Failure met: failed. Only success given: met or failed, NaN too. Only failure given and not met: successful. Both given and neither met,
 * or none given: inconclusive. No data, no baseline where one is needed, or NaN held against a failure condition alone: inconclusive,
 * because nothing was passed.
 */
export function judgeMeasurement(
  metric: Pick<MetricDefinition, 'success' | 'failure'>,
  answer: MetricAnswer,
): MeasurementVerdict {
  if (answer.kind === 'unreachable') return 'error';
  const { value, baseline } = answer;
  if (value === undefined) return 'inconclusive';
  if (needsBaseline(metric) && (baseline === undefined || !Number.isFinite(baseline))) return 'inconclusive';
  const { success, failure } = metric;
  if (failure !== undefined && meets(failure, value, baseline) === true) return 'failed';
  if (success !== undefined) {
    if (meets(success, value, baseline) === true) return 'successful';
    return failure === undefined ? 'failed' : 'inconclusive';
  }
  return failure === undefined || Number.isNaN(value) ? 'inconclusive' : 'successful';
}

/** The run with one more measurement. */
export function recordMeasurement(run: MetricRun, measurement: Measurement): MetricRun {
  const { verdict } = measurement;
  const count = (kind: MeasurementVerdict): number => (verdict === kind ? 1 : 0);
  return {
    successful: run.successful + count('successful'),
    failed: run.failed + count('failed'),
    inconclusive: run.inconclusive + count('inconclusive'),
    errors: run.errors + count('error'),
    consecutiveErrors: verdict === 'error' ? run.consecutiveErrors + 1 : 0,
    consecutiveSuccesses: verdict === 'successful' ? run.consecutiveSuccesses + 1 : 0,
    recent: [...run.recent, measurement].slice(-keptMeasurements),
  };
}

/** Measurements that got an answer: the ones that `count` counts. */
export function answeredCount(run: MetricRun): number {
  return run.successful + run.failed + run.inconclusive;
}

/** How a metric stands. `error`: nobody answers any more; a person decides, as for `inconclusive`. */
export const metricPhases = ['running', 'successful', 'failed', 'inconclusive', 'error'] as const;
export type MetricPhase = (typeof metricPhases)[number];

/** Assesses all measurements of a metric together. Pure; once it is not `running` it stays. */
export function assessMetric(metric: MetricDefinition, run: MetricRun): MetricPhase {
  if (metric.failureLimit >= 0 && run.failed > metric.failureLimit) return 'failed';
  if (run.inconclusive > metric.inconclusiveLimit) return 'inconclusive';
  if (run.consecutiveErrors > metric.consecutiveErrorLimit) return 'error';
  const { consecutiveSuccessLimit } = metric;
  if (consecutiveSuccessLimit > 0 && run.consecutiveSuccesses >= consecutiveSuccessLimit) return 'successful';
  const wanted = metric.count ?? (metric.intervalMs === undefined ? 1 : undefined);
  if (wanted === undefined || answeredCount(run) < wanted) return 'running';
  return consecutiveSuccessLimit > 0 ? 'inconclusive' : 'successful';
}

/** When a metric is to be measured next, in milliseconds since the epoch. */
export function nextMeasurementAt(metric: MetricDefinition, run: MetricRun, startedAt: string): number {
  const last = run.recent.at(-1);
  if (last === undefined) return Date.parse(startedAt) + metric.initialDelayMs;
  const pauseMs = last.verdict === 'error' ? errorRetryMs : (metric.intervalMs ?? errorRetryMs);
  return Date.parse(last.at) + pauseMs;
}
