import type { CodedError } from '@slipway/domain';

export type ReconcileResult =
  | { readonly kind: 'settled'; readonly nextCheckMs: number }
  | { readonly kind: 'waiting'; readonly reason: string; readonly retryAfterMs: number }
  /** No retry until the desired state changes. */
  | { readonly kind: 'stalled'; readonly error: CodedError };

/** Brings one key one step nearer to what it should be; reads the world anew each time, is safe to repeat and to stop. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

/** What a host tells of each pass, for logs and metrics. */
export interface PassReport {
  readonly key: string;
  readonly durationMs: number;
  readonly outcome: ReconcileResult['kind'] | 'errored' | 'superseded';
  readonly error?: unknown;
}

interface Entry {
  running: AbortController | undefined;
  /** Woken while running: goes again at once. */
  isDirty: boolean;
  /** Forgotten while running: it leaves with the end of its pass, unless it is woken again. */
  isForgotten: boolean;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

const firstBackoffMs = 200;
const lastBackoffMs = 30_000;

/**
 * Owns queue, one-at-a-time per key, backoff with jitter, wake-ups by notification or timer, and shutdown.
 */
export class ReconcileHost {
  readonly #reconcile: Reconcile;
  readonly #onPass: (report: PassReport) => void;
  readonly #concurrency: number;
  readonly #entries = new Map<string, Entry>();
  readonly #queue: string[] = [];
  readonly #passes = new Set<Promise<void>>();
  #isStopped = false;

  constructor(
    reconcile: Reconcile,
    options: { readonly concurrency: number; readonly onPass: (report: PassReport) => void },
  ) {
    this.#reconcile = reconcile;
    this.#concurrency = options.concurrency;
    this.#onPass = options.onPass;
  }

  /** Asks for a pass over a key soon. `isSuperseding`: what runs for it now serves an older desired state and is ended. */
  wake(key: string, options: { readonly isSuperseding?: boolean } = {}): void {
    if (this.#isStopped) return;
    const entry = this.#entries.get(key) ?? newEntry();
    this.#entries.set(key, entry);
    entry.isForgotten = false;
    if (options.isSuperseding === true) entry.failures = 0;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    if (entry.running !== undefined) {
      entry.isDirty = true;
      if (options.isSuperseding === true) entry.running.abort(new Superseded());
      return;
    }
    if (!this.#queue.includes(key)) this.#queue.push(key);
    this.#fill();
  }

  /** Wakes every key whose last pass errored: what it lacked may be back. */
  retryErrored(): void {
    for (const [key, entry] of this.#entries) if (entry.failures > 0) this.wake(key);
  }

  /** Forgets a key; what runs for it is ended. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    if (entry.running !== undefined) {
      // It stays known until its pass has ended: the key, come back meanwhile, must not run beside it.
      entry.isForgotten = true;
      entry.isDirty = false;
      entry.running.abort(new Superseded());
      return;
    }
    this.#entries.delete(key);
    const at = this.#queue.indexOf(key);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** Ends every pass and waits for them. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const key of [...this.#entries.keys()]) this.forget(key);
    await Promise.all(this.#passes);
  }

  #fill(): void {
    while (this.#passes.size < this.#concurrency) {
      const key = this.#queue.shift();
      const entry = key === undefined ? undefined : this.#entries.get(key);
      if (key === undefined) return;
      if (entry === undefined) continue;
      const pass: Promise<void> = this.#pass(key, entry).finally(() => {
        this.#passes.delete(pass);
        this.#fill();
      });
      this.#passes.add(pass);
    }
  }

  async #pass(key: string, entry: Entry): Promise<void> {
    const controller = new AbortController();
    entry.running = controller;
    entry.isDirty = false;
    const startedAt = performance.now();
    const report = (outcome: PassReport['outcome'], error?: unknown): void =>
      this.#onPass({
        key,
        durationMs: performance.now() - startedAt,
        outcome,
        ...(error === undefined ? {} : { error }),
      });
    let pauseMs: number | undefined;
    try {
      const result = await this.#reconcile(key, controller.signal);
      entry.failures = 0;
      if (result.kind === 'settled') pauseMs = result.nextCheckMs;
      if (result.kind === 'waiting') pauseMs = result.retryAfterMs;
      report(result.kind, result.kind === 'stalled' ? result.error : undefined);
    } catch (error) {
      if (controller.signal.aborted) report('superseded');
      else {
        pauseMs = backoffMs(entry.failures++);
        report('errored', error);
      }
    } finally {
      entry.running = undefined;
    }
    this.#schedule(key, entry, pauseMs);
  }

  #schedule(key: string, entry: Entry, pauseMs: number | undefined): void {
    if (this.#isStopped || entry.isForgotten) {
      this.#entries.delete(key);
      return;
    }
    if (entry.isDirty) this.wake(key);
    else if (pauseMs !== undefined) entry.timer = setTimeout(() => this.wake(key), pauseMs);
  }
}

function newEntry(): Entry {
  return { running: undefined, isDirty: false, isForgotten: false, failures: 0, timer: undefined };
}

/** Why a pass was ended from outside: a newer desired state, or shutdown. */
class Superseded extends Error {
  override readonly name = 'Superseded';

  constructor() {
    super('a newer desired state replaces this pass');
  }
}

/** Doubling from 200 ms to 30 s, with full jitter in the upper half. */
function backoffMs(failures: number): number {
  const full = Math.min(lastBackoffMs, firstBackoffMs * 2 ** Math.min(failures, 12));
  return full / 2 + (Math.random() * full) / 2;
}
