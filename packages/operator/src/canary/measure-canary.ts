import {
  type DueMeasurement,
  judgeMeasurement,
  type Measurement,
  type MeasurementVerdict,
  type MetricAnswer,
  type MetricDefinition,
  needsBaseline,
  type RequestTotals,
  type TakenMeasurement,
} from '@slipway/domain';
import { MetricsError, type MetricsPlace } from '@slipway/ports';
import type { CanaryContext } from './canary-context.ts';
import { canaryName } from './canary-objects.ts';
import type { CanaryState } from './canary-state.ts';

/** How long a provider may take for one answer. */
const answerMs = 5_000;
const oneSecondMs = 1_000;

/** Takes what is due, all at once; a provider that does not answer is a measurement too. */
export function takeMeasurements(
  context: CanaryContext,
  state: CanaryState,
  due: readonly DueMeasurement[],
): Promise<readonly TakenMeasurement[]> {
  return Promise.all(
    due.map(async ({ run, metric }) => ({
      run,
      metric: metric.name,
      measurement: await measure(context, state, metric),
    })),
  );
}

/** Worst first: what one Deployment says is not made good by another. */
const severity: readonly MeasurementVerdict[] = ['failed', 'error', 'inconclusive', 'successful'];

async function measure(context: CanaryContext, state: CanaryState, metric: MetricDefinition): Promise<Measurement> {
  const names = state.deployments.filter((name) => metric.deployment === undefined || metric.deployment === name);
  const seen = await Promise.all(names.map((name) => measureDeployment(context, state, { metric, name })));
  const at = context.services.now();
  const worst = seen.flat().sort((a, b) => severity.indexOf(a.verdict) - severity.indexOf(b.verdict))[0];
  if (worst === undefined) return { at, verdict: 'inconclusive', message: 'no Deployment of that name has a canary' };
  return { at, ...worst };
}

async function measureDeployment(
  context: CanaryContext,
  state: CanaryState,
  asked: { readonly metric: MetricDefinition; readonly name: string },
): Promise<readonly Omit<Measurement, 'at'>[]> {
  const { metric, name } = asked;
  const services = state.services
    .filter(({ deployments }) => deployments.some((deployment) => deployment.name === name))
    .map((service) => service.name)
    .filter((service) => metric.service === undefined || metric.service === service);
  // A query need not be about requests; the questions that every provider knows are.
  const places = services.length === 0 && metric.question === 'query' ? [''] : services;
  const answers = await Promise.all(places.map((service) => ask(context, state, { metric, name, service })));
  // A Service that nobody calls says nothing beside one that somebody does.
  const telling = answers.filter((answer) => answer.kind === 'unreachable' || answer.value !== undefined);
  if (telling.length === 0) return [{ verdict: 'inconclusive', message: `there is no data about ${canaryName(name)}` }];
  return telling.map((answer) => describe(metric, answer));
}

function describe(metric: MetricDefinition, answer: MetricAnswer): Omit<Measurement, 'at'> {
  const verdict = judgeMeasurement(metric, answer);
  if (answer.kind === 'unreachable') return { verdict, message: answer.message };
  const { value, baseline } = answer;
  const isMissing = needsBaseline(metric) && (baseline === undefined || !Number.isFinite(baseline));
  return {
    verdict,
    // JSON knows no NaN: it would read back as nothing at all.
    ...(value !== undefined && Number.isFinite(value) ? { value } : { message: 'it is not a finite number' }),
    ...(baseline !== undefined && Number.isFinite(baseline) ? { baseline } : {}),
    ...(isMissing ? { message: 'the stable Deployment has no data to compare with' } : {}),
  };
}

async function ask(
  context: CanaryContext,
  state: CanaryState,
  asked: { readonly metric: MetricDefinition; readonly name: string; readonly service: string },
): Promise<MetricAnswer> {
  const { services, policy, signal } = context;
  const { metric, name, service } = asked;
  const place = { namespace: policy.namespace, service };
  const sinceMs = Date.parse(services.now()) - Date.parse(state.startedAt);
  const windowMs = Math.max(oneSecondMs, Math.min(metric.windowMs, sinceMs));
  const query = metric.query === undefined ? {} : { query: metric.query };
  const measureOf = async (deployment: string): Promise<number | undefined> => {
    if (services.metrics === undefined)
      throw new MetricsError('METRICS_UNREACHABLE', 'The operator has no provider of metrics');
    return services.metrics.measure(
      { ...place, deployment, kind: metric.question, windowMs, ...query },
      { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) },
    );
  };
  try {
    const [value, baseline] = await Promise.all([
      measureOf(canaryName(name)),
      needsBaseline(metric) ? measureOf(name) : undefined,
    ]);
    return {
      kind: 'answer',
      ...(value === undefined ? {} : { value }),
      ...(baseline === undefined ? {} : { baseline }),
    };
  } catch (error) {
    signal.throwIfAborted();
    // Whatever went wrong with asking, nothing is known: neither passed nor failed.
    return { kind: 'unreachable', message: error instanceof Error ? error.message : String(error) };
  }
}

/** Counters of the canary's Deployments behind their Services, or of these Services as a whole; absent when nobody counts. */
export async function readTotals(
  { services, policy, signal }: CanaryContext,
  state: Pick<CanaryState, 'services' | 'deployments'>,
  of: 'canary' | 'services',
): Promise<RequestTotals | undefined> {
  const { metrics } = services;
  if (metrics?.totals === undefined) return undefined;
  const places: (Pick<MetricsPlace, 'namespace' | 'service'> & { readonly deployment?: string })[] =
    state.services.flatMap(({ name, deployments }) => {
      const place = { namespace: policy.namespace, service: name };
      if (of === 'services') return [place];
      const canaried = deployments.filter((deployment) => state.deployments.includes(deployment.name));
      return canaried.map((deployment) => ({ ...place, deployment: canaryName(deployment.name) }));
    });
  const within = { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) };
  let sum: RequestTotals | undefined;
  try {
    for (const place of places) {
      const one = (await metrics.totals(place, within)) ?? { total: 0, failed: 0 };
      sum = { total: (sum?.total ?? 0) + one.total, failed: (sum?.failed ?? 0) + one.failed };
    }
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  return sum;
}

/** What was counted since; a counter that went back began anew meanwhile. */
export function sinceTotals(
  now: RequestTotals | undefined,
  before: RequestTotals | undefined,
): RequestTotals | undefined {
  if (now === undefined || before === undefined) return undefined;
  if (now.total < before.total) return now;
  return { total: now.total - before.total, failed: Math.max(0, now.failed - before.failed) };
}
