import {
  type Cancellable,
  MetricsError,
  type MetricsPlace,
  type MetricsProvider,
  type MetricsQuestion,
} from '@slipway/ports';
import type { RequestTotals } from '@slipway/domain';

interface Answer {
  readonly at: number;
  readonly status: number;
  readonly durationMs: number;
}

/** Metrics that a test writes down itself. */
export class MemoryMetrics implements MetricsProvider {
  readonly name = 'memory';
  /** Every question that was asked, in order. */
  readonly asked: MetricsQuestion[] = [];
  /** False: every question is thrown back as unreachable. */
  isReachable = true;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer[]>();

  /** @param now - milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Notes requests that a place answered now; a status of 0 broke off. */
  record(place: MetricsPlace, answers: readonly { readonly status: number; readonly durationMs: number }[]): void {
    const key = keyOf(place);
    const at = this.#now();
    this.#answers.set(key, [...(this.#answers.get(key) ?? []), ...answers.map((answer) => ({ ...answer, at }))]);
  }

  async measure(question: MetricsQuestion, options?: Cancellable): Promise<number | undefined> {
    options?.signal?.throwIfAborted();
    this.asked.push(question);
    this.#reach();
    if (question.kind === 'query') throw new MetricsError('METRICS_QUESTION_UNSUPPORTED', 'There are no queries here');
    const first = this.#now() - question.windowMs;
    const answers = (this.#answers.get(keyOf(question)) ?? []).filter(({ at }) => at >= first);
    if (question.kind === 'requests') return answers.length;
    if (answers.length === 0) return undefined;
    if (question.kind === 'error-ratio') return answers.filter(isFailed).length / answers.length;
    const sorted = answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
    return sorted[Math.ceil(0.95 * sorted.length) - 1];
  }

  async totals(
    place: Pick<MetricsPlace, 'namespace' | 'service'> & { readonly deployment?: string },
  ): Promise<RequestTotals | undefined> {
    this.#reach();
    const prefix = `${place.namespace}/${place.service}/`;
    const keys = [...this.#answers.keys()].filter((key) => key.startsWith(prefix));
    if (keys.length === 0) return undefined;
    const wanted = keys.filter((key) => place.deployment === undefined || key === `${prefix}${place.deployment}`);
    const answers = wanted.flatMap((key) => this.#answers.get(key) ?? []);
    return { total: answers.length, failed: answers.filter(isFailed).length };
  }

  #reach(): void {
    if (!this.isReachable) throw new MetricsError('METRICS_UNREACHABLE', 'The metrics in memory are switched off');
  }
}

function keyOf({ namespace, service, deployment }: MetricsPlace): string {
  return `${namespace}/${service}/${deployment}`;
}

function isFailed({ status }: Answer): boolean {
  return status === 0 || status >= 500;
}
