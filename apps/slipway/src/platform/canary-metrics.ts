import type { ProgramEnvironment } from '@slipway/config';
import { connectPrometheus } from '@slipway/metrics-prometheus';
import type { MetricsProvider } from '@slipway/ports';
import { type LocalRuntime, runtimeMetrics } from '@slipway/runtime-local';

/** Where the operator asks about canaries: the runtime counts requests itself; queries go to Prometheus, where there is one. */
export function canaryMetrics(
  environment: Pick<ProgramEnvironment, 'prometheusUrl'>,
  runtime: LocalRuntime,
): MetricsProvider {
  const own = runtimeMetrics(runtime);
  if (environment.prometheusUrl === undefined) return own;
  const prometheus = connectPrometheus({ url: environment.prometheusUrl });
  return {
    ...own,
    name: `${own.name}, ${prometheus.name}`,
    measure: (question, options) => (question.kind === 'query' ? prometheus : own).measure(question, options),
  };
}
