import {
  type Cancellable,
  MetricsError,
  type MetricsPlace,
  type MetricsProvider,
  type MetricsQuestion,
  TargetError,
} from '@slipway/ports';
import type { RevisionMetrics, ServiceMetrics } from '../services/request-metrics.ts';
import type { LocalRuntime } from './connect-runtime.ts';

/** What the runtime's proxies counted, as a provider of metrics. It has no language of queries. */
export function runtimeMetrics(runtime: Pick<LocalRuntime, 'requestMetrics'>): MetricsProvider {
  return {
    name: 'local',
    measure: async (question, cancel) => measure(runtime, question, cancel),
    totals: async (place, cancel) => {
      const metrics = await ask(runtime, place, { ...cancel });
      if (metrics === undefined) return undefined;
      const { deployment } = place;
      const revisions = metrics.revisions.filter((one) => deployment === undefined || one.deployment === deployment);
      return { total: sum(revisions, ({ requests }) => requests), failed: sum(revisions, failedOf) };
    },
  };
}

async function measure(
  runtime: Pick<LocalRuntime, 'requestMetrics'>,
  question: MetricsQuestion,
  cancel: Cancellable | undefined,
): Promise<number | undefined> {
  if (question.kind === 'query')
    throw new MetricsError('METRICS_QUESTION_UNSUPPORTED', 'The local runtime has no language of queries');
  const metrics = await ask(runtime, question, { ...cancel, windowMs: question.windowMs });
  if (metrics === undefined) return undefined;
  const revisions = metrics.revisions.filter(({ deployment }) => deployment === question.deployment);
  const requests = sum(revisions, (one) => one.requests);
  if (question.kind === 'requests') return requests;
  if (requests === 0) return undefined;
  return question.kind === 'error-ratio' ? sum(revisions, failedOf) / requests : quantileMs(revisions, 0.95);
}

async function ask(
  runtime: Pick<LocalRuntime, 'requestMetrics'>,
  place: Pick<MetricsPlace, 'namespace' | 'service'>,
  options: Cancellable & { readonly windowMs?: number },
): Promise<ServiceMetrics | undefined> {
  options.signal?.throwIfAborted();
  let metrics: ServiceMetrics | undefined;
  try {
    metrics = await runtime.requestMetrics({ namespace: place.namespace, name: place.service }, options);
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    throw new MetricsError('METRICS_UNREACHABLE', 'The local runtime does not answer', { cause: error });
  }
  // A runtime from before windows answers with all it ever counted.
  if (metrics !== undefined && options.windowMs !== undefined && metrics.windowMs === undefined)
    throw new MetricsError('METRICS_QUESTION_UNSUPPORTED', 'The running local runtime is older and knows no windows');
  return metrics;
}

function failedOf({ byStatus }: RevisionMetrics): number {
  return byStatus['5xx'] + byStatus.error;
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Linear inside the bucket, as `histogram_quantile` does; the last bound where the quantile lies above it. */
function quantileMs(revisions: readonly RevisionMetrics[], quantile: number): number {
  const bounds = revisions[0]?.latency.boundsMs ?? [];
  const counts = [...bounds, Infinity].map((_, index) => sum(revisions, ({ latency }) => latency.counts[index] ?? 0));
  const rank = quantile * sum(counts, (count) => count);
  let below = 0;
  for (const [index, count] of counts.entries()) {
    const upper = bounds[index];
    if (below + count < rank) {
      below += count;
      continue;
    }
    if (upper === undefined) return bounds.at(-1) ?? 0;
    const lower = bounds[index - 1] ?? 0;
    return count === 0 ? upper : lower + ((upper - lower) * (rank - below)) / count;
  }
  return bounds.at(-1) ?? 0;
}
