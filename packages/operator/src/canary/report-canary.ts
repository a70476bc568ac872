import {
  answeredCount,
  assessMetric,
  boundOf,
  type CanaryMetricReport,
  type CanaryReport,
  type CanaryStrategy,
  type DeploymentStrategy,
  emptyMetricRun,
  type MetricDefinition,
  type MetricRun,
  printCondition,
} from '@slipway/domain';
import type { CanaryContext } from './canary-context.ts';
import { type CanaryState, hadCanary } from './canary-state.ts';
import { readTotals, sinceTotals } from './measure-canary.ts';

/** What a server is told of a canary; absent where a render had none. */
export async function reportCanary(
  context: CanaryContext,
  state: CanaryState,
  strategy: DeploymentStrategy,
): Promise<CanaryReport | undefined> {
  if (!hadCanary(state) || strategy.kind !== 'canary') return undefined;
  const isOver = state.phase === 'promoted' || state.phase === 'aborted';
  const requests = isOver
    ? state.requests
    : sinceTotals(await readTotals(context, state, 'canary'), state.totalsAtStart);
  const sinceAbort =
    state.totalsAtAbort === undefined
      ? undefined
      : sinceTotals(await readTotals(context, state, 'services'), state.totalsAtAbort);
  return {
    phase: state.phase,
    step: state.step,
    steps: strategy.steps.length,
    weight: state.weight,
    realShare: state.realShare,
    metrics: metricReports(state, strategy),
    startedAt: state.startedAt,
    message: state.message,
    ...(requests === undefined ? {} : { requests }),
    ...(sinceAbort === undefined ? {} : { requestsSinceAbort: sinceAbort }),
  };
}

function metricReports(state: CanaryState, strategy: CanaryStrategy): readonly CanaryMetricReport[] {
  return state.runs.flatMap((run) => {
    const [kind, index = ''] = run.id.split('-');
    const step = strategy.steps[Number(index)];
    const own = step?.kind === 'analysis' ? step.metrics : [];
    const metrics = kind === 'background' ? (strategy.analyses[Number(index)]?.metrics ?? []) : own;
    return metrics.map((metric) => metricReport(run.id, metric, run.metrics[metric.name] ?? emptyMetricRun));
  });
}

function metricReport(run: string, metric: MetricDefinition, seen: MetricRun): CanaryMetricReport {
  const last = seen.recent.at(-1);
  const condition = metric.success ?? metric.failure;
  const bound = condition?.bound.kind === 'baseline' ? boundOf(condition, last?.baseline) : undefined;
  const limit =
    condition === undefined
      ? undefined
      : `${metric.success === undefined ? 'not ' : ''}${printCondition(condition)}${bound === undefined ? '' : ` (${bound})`}`;
  return {
    name: metric.name,
    run,
    phase: assessMetric(metric, seen),
    isDryRun: metric.isDryRun,
    ...(last?.value === undefined ? {} : { value: last.value }),
    ...(last?.baseline === undefined ? {} : { baseline: last.baseline }),
    ...(limit === undefined ? {} : { limit }),
    count: answeredCount(seen),
    ...(last === undefined ? {} : { last: last.verdict }),
  };
}
