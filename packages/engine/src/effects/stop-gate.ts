import { setMaxListeners } from 'node:events';
import type { RunGate } from './effect-run.ts';

/** See {@link RunGate}. Closed first, then, for what did not end, stopped. */
export class StopGate implements RunGate {
  readonly #closing = new AbortController();
  readonly #stopping = new AbortController();
  #parkedCount = 0;

  constructor() {
    // Every run of the process listens while it lasts.
    setMaxListeners(0, this.#closing.signal, this.#stopping.signal);
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Runs that wait here for the end of the process. */
  get parkedCount(): number {
    return this.#parkedCount;
  }

  close(): void {
    this.#closing.abort();
  }

  stop(reason: unknown): void {
    this.#closing.abort();
    this.#stopping.abort(reason);
  }

  park(): Promise<never> {
    this.#parkedCount += 1;
    return new Promise(() => undefined);
  }
}
