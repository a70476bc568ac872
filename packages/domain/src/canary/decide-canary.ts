import {
  answeredCount,
  assessMetric,
  emptyMetricRun,
  type Measurement,
  type MetricPhase,
  type MetricRun,
  nextMeasurementAt,
  recordMeasurement,
} from './assess-metric.ts';
import type { AnalysisRun, CanaryControl, CanaryProgress } from './canary.ts';
import type { CanaryStrategy, MetricDefinition } from './strategy.ts';

/** One measurement that is to be taken. */
export interface DueMeasurement {
  readonly run: string;
  readonly metric: MetricDefinition;
}

/** One that was taken, for {@link decideCanary} to count. */
export interface TakenMeasurement {
  readonly run: string;
  readonly metric: string;
  readonly measurement: Measurement;
}

export interface CanaryFacts {
  /** ISO 8601, UTC. */
  readonly now: string;
  /** Share that the target gives the canary by our last order, in percent. */
  readonly servedWeight: number;
  readonly measurements: readonly TakenMeasurement[];
  readonly control?: CanaryControl;
}

/** What to do next. */
export type CanaryAction =
  | { readonly kind: 'set-weight'; readonly percent: number }
  | { readonly kind: 'measure'; readonly due: readonly DueMeasurement[] }
  /** Until an instant, or for a person, or both; nothing is to be done before. */
  | { readonly kind: 'wait'; readonly until?: string; readonly isForPerson: boolean }
  | { readonly kind: 'pause-inconclusive'; readonly until?: string; readonly reason: string }
  | { readonly kind: 'promote' }
  | { readonly kind: 'abort'; readonly reason: string };

/** The next action, and the progress that has to be kept before it is carried out. */
export interface CanaryDecision {
  readonly progress: CanaryProgress;
  readonly action: CanaryAction;
}

/** A canary before its first step. */
export function beginCanary(now: string): CanaryProgress {
  return { phase: 'preparing', step: 0, stepStartedAt: now, weight: 0, runs: [], message: 'The canary starts.' };
}

/**
 * Decides the next action of a canary.
 *
 * Pure: reads no clock. Durations count from recorded instants; an instant that lies in the future (the clock went back) is taken for
 * now, so that a pause is never cut short and never lasts for ever.
 */
export function decideCanary(state: CanaryProgress, strategy: CanaryStrategy, facts: CanaryFacts): CanaryDecision {
  const { control } = facts;
  if (state.phase === 'promoting' || state.phase === 'promoted')
    return { progress: state, action: { kind: 'promote' } };
  if (state.phase === 'aborting' || state.phase === 'aborted') return ended(state, state.message);
  if (control?.action === 'abort') return ended(state, `${control.by} aborted the canary.`);
  let progress = countMeasurements(anchor(state, facts.now), facts.measurements);
  // Every turn but the last advances by one step.
  for (let turn = 0; turn <= strategy.steps.length; turn++) {
    progress = openRuns(progress, strategy, facts.now);
    const settled = settleRuns(progress, strategy, facts);
    if (settled.action !== undefined) return { progress: settled.progress, action: settled.action };
    progress = settled.progress;
    const decision = decideStep(progress, strategy, facts);
    if (decision.action !== undefined) return { progress: decision.progress, action: decision.action };
    progress = decision.progress;
  }
  return { progress, action: { kind: 'wait', until: facts.now, isForPerson: false } };
}

/** Without an action: the canary advanced by itself and is looked at again. */
interface Turn {
  readonly progress: CanaryProgress;
  readonly action?: CanaryAction;
}

function ended(progress: CanaryProgress, reason: string): CanaryDecision {
  const phase = progress.phase === 'aborted' ? 'aborted' : 'aborting';
  return { progress: { ...progress, phase, message: reason }, action: { kind: 'abort', reason } };
}

/** Instants after now become now. */
function anchor(state: CanaryProgress, now: string): CanaryProgress {
  const clamp = (at: string): string => (Date.parse(at) > Date.parse(now) ? now : at);
  return {
    ...state,
    stepStartedAt: clamp(state.stepStartedAt),
    runs: state.runs.map((run) => ({
      ...run,
      startedAt: clamp(run.startedAt),
      metrics: mapRuns(run.metrics, (metric) => ({
        ...metric,
        recent: metric.recent.map((measurement) => ({ ...measurement, at: clamp(measurement.at) })),
      })),
    })),
  };
}

function mapRuns(
  metrics: Readonly<Record<string, MetricRun>>,
  change: (run: MetricRun, name: string) => MetricRun,
): Readonly<Record<string, MetricRun>> {
  return Object.fromEntries(Object.entries(metrics).map(([name, run]) => [name, change(run, name)]));
}

function countMeasurements(state: CanaryProgress, taken: readonly TakenMeasurement[]): CanaryProgress {
  if (taken.length === 0) return state;
  const runs = state.runs.map((run) => ({
    ...run,
    metrics: mapRuns(run.metrics, (metric, name) =>
      taken
        .filter((one) => one.run === run.id && one.metric === name)
        .reduce((sum, one) => recordMeasurement(sum, one.measurement), metric),
    ),
  }));
  return { ...state, runs };
}

/** The analyses that belong to the present step, by the id of their run. */
function analysesOf(strategy: CanaryStrategy, step: number): ReadonlyMap<string, readonly MetricDefinition[]> {
  const own = strategy.steps[step];
  const background = strategy.analyses
    .map((analysis, index) => [`background-${index}`, analysis] as const)
    .filter(([, analysis]) => analysis.fromStep <= step)
    .map(([id, analysis]) => [id, analysis.metrics] as const);
  return new Map([...background, ...(own?.kind === 'analysis' ? [[`step-${step}`, own.metrics] as const] : [])]);
}

/** Starts the runs that are missing; of runs of earlier steps only the last measurement stays. */
function openRuns(progress: CanaryProgress, strategy: CanaryStrategy, now: string): CanaryProgress {
  const open = analysesOf(strategy, progress.step);
  const kept = progress.runs.map((run) =>
    open.has(run.id)
      ? run
      : { ...run, metrics: mapRuns(run.metrics, (metric) => ({ ...metric, recent: metric.recent.slice(-1) })) },
  );
  const added = [...open]
    .filter(([id]) => !progress.runs.some((run) => run.id === id))
    .map(([id, metrics]) => ({
      id,
      startedAt: now,
      metrics: Object.fromEntries(metrics.map((metric) => [metric.name, emptyMetricRun])),
    }));
  return { ...progress, runs: [...kept, ...added] };
}

interface OpenRun {
  readonly run: AnalysisRun;
  readonly metrics: readonly {
    readonly metric: MetricDefinition;
    readonly run: MetricRun;
    readonly phase: MetricPhase;
  }[];
}

function readOpenRuns(progress: CanaryProgress, strategy: CanaryStrategy): readonly OpenRun[] {
  return [...analysesOf(strategy, progress.step)].flatMap(([id, metrics]) => {
    const run = progress.runs.find((candidate) => candidate.id === id);
    if (run === undefined || run.waivedBy !== undefined) return [];
    const read = metrics.map((metric) => {
      const own = run.metrics[metric.name] ?? emptyMetricRun;
      return { metric, run: own, phase: assessMetric(metric, own) };
    });
    return [{ run, metrics: read }];
  });
}

/** What the analyses say together: a failed metric aborts, a due one is measured, one that says nothing waits for a person. */
function settleRuns(progress: CanaryProgress, strategy: CanaryStrategy, facts: CanaryFacts): Turn {
  const open = readOpenRuns(progress, strategy);
  const deciding = open.flatMap(({ run, metrics }) =>
    metrics.filter(({ metric }) => !metric.isDryRun).map((one) => ({ ...one, id: run.id })),
  );
  const failed = deciding.find(({ phase }) => phase === 'failed');
  if (failed !== undefined) return ended(progress, printFailure(failed.metric, failed.run));
  const due = dueOf(open, facts.now);
  if (due.length > 0) return { progress, action: { kind: 'measure', due } };
  const silent = deciding.filter(({ phase }) => phase === 'inconclusive' || phase === 'error');
  const first = silent[0];
  if (first === undefined) return { progress };
  if (isResumed(progress, facts)) return { progress: waive(progress, new Set(silent.map(({ id }) => id)), facts) };
  const reason = printSilence(first.metric, first.run, first.phase);
  return {
    progress: { ...progress, phase: 'inconclusive', message: reason },
    action: { kind: 'pause-inconclusive', reason, ...untilOf(open) },
  };
}

function dueOf(open: readonly OpenRun[], now: string): readonly DueMeasurement[] {
  return open.flatMap(({ run, metrics }) =>
    metrics
      .filter(({ phase }) => phase === 'running')
      .filter(({ metric, run: own }) => nextMeasurementAt(metric, own, run.startedAt) <= Date.parse(now))
      .map(({ metric }) => ({ run: run.id, metric })),
  );
}

/** When the next measurement is due; nothing when none is. */
function untilOf(open: readonly OpenRun[], also?: number): { readonly until?: string } {
  const instants = open.flatMap(({ run, metrics }) =>
    metrics
      .filter(({ phase }) => phase === 'running')
      .map(({ metric, run: own }) => nextMeasurementAt(metric, own, run.startedAt)),
  );
  const next = Math.min(...instants, also ?? Infinity);
  return Number.isFinite(next) ? { until: new Date(next).toISOString() } : {};
}

function isResumed(progress: CanaryProgress, { control }: CanaryFacts): boolean {
  return control?.action === 'resume' && control.step === progress.step && control.at !== progress.handledControl;
}

/** A person lets the canary go on although these runs said nothing. */
function waive(progress: CanaryProgress, ids: ReadonlySet<string>, { control }: CanaryFacts): CanaryProgress {
  const by = control?.by ?? '';
  return {
    ...progress,
    phase: 'progressing',
    message: `${by} let it go on.`,
    handledControl: control?.at ?? '',
    runs: progress.runs.map((run) => (ids.has(run.id) ? { ...run, waivedBy: by } : run)),
  };
}

function decideStep(progress: CanaryProgress, strategy: CanaryStrategy, facts: CanaryFacts): Turn {
  const step = strategy.steps[progress.step];
  const open = readOpenRuns(progress, strategy);
  if (step === undefined) return decideEnd(progress, open);
  const title = `Step ${progress.step + 1} of ${strategy.steps.length}`;
  const wait = (message: string, until: { readonly until?: string }): Turn => ({
    progress: { ...progress, phase: 'progressing', message },
    action: { kind: 'wait', isForPerson: false, ...until },
  });
  if (step.kind === 'weight') {
    if (progress.weight === step.percent && facts.servedWeight === step.percent) return advance(progress, facts);
    const message = `${title}: the canary gets ${step.percent} % of the requests.`;
    return {
      progress: { ...progress, phase: 'progressing', weight: step.percent, message },
      action: { kind: 'set-weight', percent: step.percent },
    };
  }
  if (step.kind === 'analysis') {
    const own = open.find(({ run }) => run.id === `step-${progress.step}`);
    if (own === undefined || own.metrics.every(({ phase }) => phase !== 'running')) return advance(progress, facts);
    return wait(`${title}: the canary is measured.`, untilOf(open));
  }
  if (step.durationMs === undefined) {
    if (isResumed(progress, facts)) {
      const by = { handledControl: facts.control?.at ?? '' };
      return advance({ ...progress, ...by }, facts);
    }
    const message = `${title}: it waits until a person resumes it.`;
    return {
      progress: { ...progress, phase: 'paused', message },
      action: { kind: 'wait', isForPerson: true, ...untilOf(open) },
    };
  }
  const end = Date.parse(progress.stepStartedAt) + step.durationMs;
  if (Date.parse(facts.now) >= end) return advance(progress, facts);
  return wait(`${title}: a pause of ${step.durationMs / 1000} s.`, untilOf(open, end));
}

function advance(progress: CanaryProgress, facts: CanaryFacts): Turn {
  return { progress: { ...progress, phase: 'progressing', step: progress.step + 1, stepStartedAt: facts.now } };
}

/** A background analysis stopped here has passed, once it was answered at all and its provider answers still. */
function decideEnd(progress: CanaryProgress, open: readonly OpenRun[]): Turn {
  const isOpen = open.some(({ metrics }) =>
    metrics.some(
      ({ metric, run, phase }) =>
        phase === 'running' && !metric.isDryRun && (answeredCount(run) === 0 || run.consecutiveErrors > 0),
    ),
  );
  if (isOpen) {
    const message = 'All steps are done; the analysis in the background has no answer yet.';
    return {
      progress: { ...progress, phase: 'progressing', message },
      action: { kind: 'wait', isForPerson: false, ...untilOf(open) },
    };
  }
  return {
    progress: { ...progress, phase: 'promoting', message: 'Every step was passed; the canary is promoted.' },
    action: { kind: 'promote' },
  };
}

function printFailure(metric: MetricDefinition, run: MetricRun): string {
  const last = run.recent.findLast(({ verdict }) => verdict === 'failed');
  const value = last?.value === undefined ? 'not a number' : printValue(last.value);
  const baseline = last?.baseline === undefined ? '' : ` (baseline ${printValue(last.baseline)})`;
  return `Metric ${metric.name} failed ${run.failed} times, ${Math.max(0, metric.failureLimit)} are allowed; last it was ${value}${baseline}.`;
}

/** Four digits: enough to hold it against a limit. What was measured in full is in the evidence. */
function printValue(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function printSilence(metric: MetricDefinition, run: MetricRun, phase: MetricPhase): string {
  const why = run.recent.at(-1)?.message;
  const what = phase === 'error' ? `got no answer ${run.consecutiveErrors} times in a row` : 'is inconclusive';
  return `Metric ${metric.name} ${what}${why === undefined ? '' : `: ${why}`}. It waits until a person resumes or aborts it.`;
}
