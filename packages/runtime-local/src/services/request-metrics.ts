/** Upper bounds of the latency buckets, in milliseconds; the last bucket has none. */
export const latencyBoundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** Counters of one revision behind a Service, since the runtime started. They only grow: take differences. */
export interface RevisionMetrics {
  readonly deployment: string;
  /** Digest of the pod template, as `updateRevision` in the Deployment's status. Empty: no pod was ready. */
  readonly revision: string;
  readonly requests: number;
  /** By class of the answer; `error`: the pod broke off before it answered. */
  readonly byStatus: Readonly<Record<'1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'error', number>>;
  /** From the request's head to the answer's head, one count for each bound and one more; not cumulative. */
  readonly latency: {
    readonly boundsMs: readonly number[];
    readonly counts: readonly number[];
    readonly sumMs: number;
  };
}

export interface ServiceMetrics {
  /** ISO 8601: counters began here. */
  readonly since: string;
  readonly revisions: readonly RevisionMetrics[];
}

interface Counters {
  readonly deployment: string;
  readonly revision: string;
  requests: number;
  readonly byStatus: Record<'1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'error', number>;
  readonly counts: number[];
  sumMs: number;
}

/** Counts requests of one Service. */
export class RequestMetrics {
  readonly #since = new Date().toISOString();
  readonly #counters = new Map<string, Counters>();

  /** @param statusCode - 0 when the pod broke off. */
  count(
    served: { readonly deployment: string; readonly revision: string },
    statusCode: number,
    durationMs: number,
  ): void {
    const counters = this.#of(served);
    counters.requests += 1;
    counters.byStatus[classOf(statusCode)] += 1;
    counters.sumMs += durationMs;
    const bucket = latencyBoundsMs.findIndex((bound) => durationMs <= bound);
    const index = bucket < 0 ? latencyBoundsMs.length : bucket;
    counters.counts[index] = (counters.counts[index] ?? 0) + 1;
  }

  read(): ServiceMetrics {
    const revisions = [...this.#counters.values()].map(
      ({ deployment, revision, requests, byStatus, counts, sumMs }) => ({
        deployment,
        revision,
        requests,
        byStatus: { ...byStatus },
        latency: { boundsMs: latencyBoundsMs, counts: [...counts], sumMs },
      }),
    );
    return { since: this.#since, revisions };
  }

  #of(served: { readonly deployment: string; readonly revision: string }): Counters {
    const key = `${served.deployment}/${served.revision}`;
    const found = this.#counters.get(key) ?? {
      ...served,
      requests: 0,
      byStatus: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, error: 0 },
      counts: new Array<number>(latencyBoundsMs.length + 1).fill(0),
      sumMs: 0,
    };
    this.#counters.set(key, found);
    return found;
  }
}

function classOf(statusCode: number): keyof Counters['byStatus'] {
  if (statusCode < 100) return 'error';
  if (statusCode < 200) return '1xx';
  if (statusCode < 300) return '2xx';
  if (statusCode < 400) return '3xx';
  return statusCode < 500 ? '4xx' : '5xx';
}
