import { type Counters, CounterTable, latencyBoundsMs, type Served, type StatusClass } from './request-counters.ts';

/** Counters of one revision behind a Service. Without a window they only grow: take differences. */
export interface RevisionMetrics extends Served {
  readonly requests: number;
  readonly byStatus: Readonly<Record<StatusClass, number>>;
  /** From the request's head to the answer's head, one count for each bound and one more; not cumulative. */
  readonly latency: {
    readonly boundsMs: readonly number[];
    readonly counts: readonly number[];
    readonly sumMs: number;
  };
}

export interface ServiceMetrics {
  /** ISO 8601: counters began here, with the runtime. */
  readonly since: string;
  /** The last so many milliseconds only, as asked for and at most {@link historyMs}; absent: all since `since`. */
  readonly windowMs?: number;
  readonly revisions: readonly RevisionMetrics[];
}

/** How far back a window reaches. */
export const historyMs = 15 * 60_000;

const bucketMs = 1_000;

interface Bucket {
  readonly second: number;
  readonly table: CounterTable;
}

/** Counts requests of one Service: since the start, and by seconds for windows. Memory is bounded by the history and the revisions in it. */
export class RequestMetrics {
  readonly #since = new Date().toISOString();
  readonly #all = new CounterTable();
  /** Oldest first; seconds without a request have none. */
  readonly #history: Bucket[] = [];
  readonly #now: () => number;

  /** @param now - milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param statusCode - 0 when the pod broke off. */
  count(served: Served, statusCode: number, durationMs: number): void {
    this.#all.count(served, statusCode, durationMs);
    this.#bucket().count(served, statusCode, durationMs);
  }

  /** @param windowMs - to whole seconds: the second that it begins in counts. Absent: since the start. */
  read(windowMs?: number): ServiceMetrics {
    if (windowMs === undefined) return { since: this.#since, revisions: this.#all.all().map(printCounters) };
    const window = Math.min(Math.max(0, windowMs), historyMs);
    const first = Math.floor((this.#now() - window) / bucketMs);
    const sum = new CounterTable();
    for (const { second, table } of this.#history) if (second >= first) sum.add(table);
    return { since: this.#since, windowMs: window, revisions: sum.all().map(printCounters) };
  }

  #bucket(): CounterTable {
    const second = Math.floor(this.#now() / bucketMs);
    const last = this.#history.at(-1);
    if (last?.second === second) return last.table;
    const table = new CounterTable();
    this.#history.push({ second, table });
    const oldest = second - historyMs / bucketMs;
    while ((this.#history[0]?.second ?? second) < oldest) this.#history.shift();
    return table;
  }
}

function printCounters({ deployment, revision, requests, byStatus, counts, sumMs }: Counters): RevisionMetrics {
  const latency = { boundsMs: latencyBoundsMs, counts: [...counts], sumMs };
  return { deployment, revision, requests, byStatus: { ...byStatus }, latency };
}
