/** Runs one pass after another: at once when woken, later when a pass says so. Wakes during a pass cause exactly one more. */
export class ReconcileLoop {
  readonly #pass: () => Promise<number | undefined>;
  #isWanted = true;
  #isStopped = false;
  #notify: () => void = () => undefined;

  /** @param pass - returns milliseconds until the next pass is due by time; absent when none is. */
  constructor(pass: () => Promise<number | undefined>) {
    this.#pass = pass;
  }

  wake(): void {
    this.#isWanted = true;
    this.#notify();
  }

  /** No pass begins any more. */
  stop(): void {
    this.#isStopped = true;
    this.#notify();
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.stop(), { once: true });
    while (!this.#isStopped && !signal.aborted) {
      this.#isWanted = false;
      const nextMs = await this.#pass();
      if (this.#isIdle()) await this.#wait(nextMs);
    }
  }

  #isIdle(): boolean {
    return !this.#isWanted;
  }

  #wait(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      // A clock that is late must not become a busy loop.
      const timer = ms === undefined ? undefined : setTimeout(() => this.#notify(), Math.max(5, ms));
      this.#notify = () => {
        clearTimeout(timer);
        this.#notify = () => undefined;
        resolve();
      };
      if (this.#isStopped) this.#notify();
    });
  }
}
