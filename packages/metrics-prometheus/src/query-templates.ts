import { MetricsError, type MetricsQuestion } from '@slipway/ports';

const place = 'namespace="{{namespace}}",service="{{service}}",deployment="{{deployment}}"';
const requests = `sum(increase(http_requests_total{${place}}[{{window}}]))`;
const failed = `sum(increase(http_requests_total{${place},code=~"5..|0"}[{{window}}]))`;
const buckets = `sum by (le) (increase(http_request_duration_seconds_bucket{${place}}[{{window}}]))`;

/** The questions that every provider knows, over the names that the practices of Prometheus give to HTTP metrics. */
const templates: Readonly<Record<Exclude<MetricsQuestion['kind'], 'query'>, string>> = {
  requests,
  // No failure yet is a series that is not there, which is zero as long as there are requests.
  'error-ratio': `(${failed} or ${requests} * 0) / ${requests}`,
  'latency-p95-ms': `histogram_quantile(0.95, ${buckets}) * 1000`,
};

/**
 * PromQL of a question.
 *
 * @throws {@link MetricsError} `METRICS_QUESTION_INVALID` when a name could end the string that it is filled into.
 */
export function printQuery(question: MetricsQuestion): string {
  const { kind, query, namespace, service, deployment, windowMs } = question;
  const template = kind === 'query' ? (query ?? '') : templates[kind];
  const values: Readonly<Record<string, string>> = {
    namespace,
    service,
    deployment,
    window: `${Math.max(1, Math.round(windowMs))}ms`,
  };
  const unsafe = [namespace, service, deployment].find((name) => !/^[A-Za-z0-9._-]*$/.test(name));
  if (unsafe !== undefined)
    throw new MetricsError('METRICS_QUESTION_INVALID', `${JSON.stringify(unsafe)} is not the name of an object`);
  return template.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (text, name: string) => values[name] ?? text);
}
