import {
  CodedError,
  type ErrorContext,
  type ErrorRule,
  type MetricQuestionKind,
  type RequestTotals,
} from '@slipway/domain';
import type { Cancellable } from './git.ts';

/** Requests that one Deployment answered behind one Service. */
export interface MetricsPlace {
  readonly namespace: string;
  readonly service: string;
  readonly deployment: string;
}

/** What is asked about a place over the last `windowMs`. */
export interface MetricsQuestion extends MetricsPlace {
  readonly kind: MetricQuestionKind;
  readonly windowMs: number;
  /** For `query`: text of the provider's language with `{{namespace}}`, `{{service}}`, `{{deployment}}` and `{{window}}`. */
  readonly query?: string;
}

/** Answers questions about requests: the local runtime's own counters, Prometheus. */
export interface MetricsProvider {
  readonly name: string;
  /**
   * One number; absent when there is no data. `error-ratio` is 0 to 1 and absent without requests; `latency-p95-ms` is estimated from
   * buckets and absent without requests; a `query` may say NaN.
   *
   * @throws {@link MetricsError} when nobody answers, or the answer is no number.
   */
  measure(question: MetricsQuestion, options?: Cancellable): Promise<number | undefined>;
  /**
   * Requests of a Service (of one Deployment behind it, when named) since the provider began to count: only differences mean something,
   * and a lower number says that it began anew. Absent where the provider keeps no such counters, or knows no such Service.
   */
  totals?(
    place: Pick<MetricsPlace, 'namespace' | 'service'> & { readonly deployment?: string },
    options?: Cancellable,
  ): Promise<RequestTotals | undefined>;
}

/** What every provider answers with when it has no answer. */
export const metricsErrors = {
  METRICS_UNREACHABLE: {
    retry: 'backoff',
    next: 'Check that the provider of metrics runs; the next measurement asks again.',
  },
  METRICS_QUESTION_UNSUPPORTED: {
    retry: 'never',
    next: 'Ask a question that this provider knows, or configure one that does.',
  },
  METRICS_QUESTION_INVALID: { retry: 'never', next: 'Correct the query in the delivery file.' },
  METRICS_ANSWER_INVALID: { retry: 'never', next: 'Write a query whose answer is one number.' },
} as const satisfies Record<string, ErrorRule>;

/** No answer to a question about metrics. Never to be taken for "no data". */
export class MetricsError extends CodedError {
  override readonly name = 'MetricsError';
  readonly code: keyof typeof metricsErrors;

  constructor(code: keyof typeof metricsErrors, what: string, context?: ErrorContext) {
    super(what, metricsErrors[code], context);
    this.code = code;
  }
}
