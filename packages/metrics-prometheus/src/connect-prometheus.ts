import { type Cancellable, MetricsError, type MetricsProvider, type MetricsQuestion } from '@slipway/ports';
import { printQuery } from './query-templates.ts';

export interface PrometheusSettings {
  /** Where its API begins, such as `http://127.0.0.1:9090`; a path before `/api/v1` is kept. */
  readonly url: string;
  /** Credentials and tenants, where a proxy in front asks for them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default 5000 */
  readonly timeoutMs?: number;
}

const maxAnswerBytes = 1_048_576;

/** Prometheus as a provider of metrics. Nothing is asked before the first question. */
export function connectPrometheus(settings: PrometheusSettings): MetricsProvider {
  return { name: 'prometheus', measure: (question, options) => measure(settings, question, options) };
}

async function measure(
  settings: PrometheusSettings,
  question: MetricsQuestion,
  options: Cancellable = {},
): Promise<number | undefined> {
  options.signal?.throwIfAborted();
  const value = readAnswer(await ask(settings, printQuery(question), options.signal));
  // A ratio of nothing by nothing; in a query of one's own NaN stays what it says.
  return question.kind !== 'query' && Number.isNaN(value) ? undefined : value;
}

/** @see Prometheus, HTTP API, "Instant queries" and "Format overview". */
async function ask(settings: PrometheusSettings, query: string, signal: AbortSignal | undefined): Promise<unknown> {
  const timeout = AbortSignal.timeout(settings.timeoutMs ?? 5_000);
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${settings.url.replace(/\/+$/, '')}/api/v1/query`, {
      method: 'POST',
      headers: { ...settings.headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query }),
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    ({ status } = response);
    text = await readText(response);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (error instanceof MetricsError) throw error;
    throw new MetricsError('METRICS_UNREACHABLE', 'Prometheus does not answer', { cause: error });
  }
  return readBody(status, text);
}

function readBody(status: number, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    // A proxy's page, most likely.
    throw new MetricsError('METRICS_UNREACHABLE', `Prometheus answered ${status} without JSON`, { cause: error });
  }
  const fields = fieldsOf(body);
  if (fields['status'] === 'success') return fields['data'];
  const { error } = fields;
  const what = (typeof error === 'string' ? error : 'without a reason').slice(0, 500);
  const isOurs = fields['errorType'] === 'bad_data' || fields['errorType'] === 'execution';
  throw new MetricsError(
    isOurs ? 'METRICS_QUESTION_INVALID' : 'METRICS_UNREACHABLE',
    `Prometheus answered ${status}: ${what}`,
  );
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    const chunk = part as Uint8Array;
    size += chunk.length;
    if (size > maxAnswerBytes) throw new MetricsError('METRICS_ANSWER_INVALID', 'Prometheus answers without end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The one number of an answer; absent when there is none. */
function readAnswer(data: unknown): number | undefined {
  const { resultType, result } = fieldsOf(data);
  if (resultType === 'scalar') return sampleOf(result);
  if (resultType !== 'vector' || !Array.isArray(result))
    throw new MetricsError('METRICS_ANSWER_INVALID', `Prometheus answered with a ${String(resultType)}`);
  if (result.length === 0) return undefined;
  if (result.length > 1)
    throw new MetricsError('METRICS_ANSWER_INVALID', `Prometheus answered with ${result.length} samples`);
  return sampleOf(fieldsOf(result[0])['value']);
}

function sampleOf(sample: unknown): number {
  const text: unknown = Array.isArray(sample) ? sample[1] : undefined;
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  if (text === 'NaN') return Number.NaN;
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new MetricsError('METRICS_ANSWER_INVALID', 'Prometheus answered with no number');
  return value;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
