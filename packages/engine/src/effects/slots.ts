/**
 * Places of one queue in this process.
 *
 * A running effect holds one; between two attempts it gives it back and then stands in line for another, before new work.
 */
export class Slots {
  readonly #limit: number;
  readonly #line: (() => void)[] = [];
  readonly #onFree: () => void;
  #held = 0;

  /** @param onFree - a place is free and nobody here waits for it: time to claim new work. */
  constructor(limit: number, onFree: () => void) {
    this.#limit = limit;
    this.#onFree = onFree;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Takes all free places for work about to be claimed, and tells how many those are. */
  reserve(): number {
    const count = this.#limit - this.#held;
    this.#held = this.#limit;
    return count;
  }

  /** Gives back reserved places that found no work. */
  unreserve(count: number): void {
    for (let left = count; left > 0; left -= 1) this.#handOver();
  }

  /** Resolves with a place held. */
  async take(): Promise<void> {
    if (this.#held < this.#limit) {
      this.#held += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#line.push(resolve));
  }

  release(): void {
    this.#handOver();
    if (this.#held < this.#limit) this.#onFree();
  }

  #handOver(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#held -= 1;
    else next();
  }
}
