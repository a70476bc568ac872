/** Upper bounds of the latency buckets, in milliseconds; the last bucket has none. */
export const latencyBoundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** Class of an answer; `error`: the pod broke off before it answered. */
export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'error';

/** Who answered. */
export interface Served {
  readonly deployment: string;
  /** Digest of the pod template, as `updateRevision` in the Deployment's status. Empty: no pod was ready. */
  readonly revision: string;
}

/** Mutable counters of one revision. */
export interface Counters extends Served {
  requests: number;
  readonly byStatus: Record<StatusClass, number>;
  readonly counts: number[];
  sumMs: number;
}

/** Counters by who answered. */
export class CounterTable {
  readonly #counters = new Map<string, Counters>();

  of({ deployment, revision }: Served): Counters {
    const key = `${deployment}/${revision}`;
    const found = this.#counters.get(key) ?? {
      deployment,
      revision,
      requests: 0,
      byStatus: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, error: 0 },
      counts: new Array<number>(latencyBoundsMs.length + 1).fill(0),
      sumMs: 0,
    };
    this.#counters.set(key, found);
    return found;
  }

  /** @param statusCode - 0 when the pod broke off. */
  count(served: Served, statusCode: number, durationMs: number): void {
    const counters = this.of(served);
    counters.requests += 1;
    counters.byStatus[classOf(statusCode)] += 1;
    counters.sumMs += durationMs;
    const bucket = latencyBoundsMs.findIndex((bound) => durationMs <= bound);
    const index = bucket < 0 ? latencyBoundsMs.length : bucket;
    counters.counts[index] = (counters.counts[index] ?? 0) + 1;
  }

  add(other: CounterTable): void {
    for (const more of other.all()) {
      const counters = this.of(more);
      counters.requests += more.requests;
      counters.sumMs += more.sumMs;
      for (const name of Object.keys(more.byStatus)) if (isClass(name)) counters.byStatus[name] += more.byStatus[name];
      for (const [index, count] of more.counts.entries())
        counters.counts[index] = (counters.counts[index] ?? 0) + count;
    }
  }

  all(): readonly Counters[] {
    return [...this.#counters.values()];
  }
}

function isClass(name: string): name is StatusClass {
  return /^([1-5]xx|error)$/.test(name);
}

function classOf(statusCode: number): StatusClass {
  if (statusCode < 100) return 'error';
  if (statusCode < 200) return '1xx';
  if (statusCode < 300) return '2xx';
  if (statusCode < 400) return '3xx';
  return statusCode < 500 ? '4xx' : '5xx';
}
