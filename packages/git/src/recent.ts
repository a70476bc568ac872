/** Keeps the last few of what never changes under its key, such as the listing of a tree by its hash. */
export class Recent<T> {
  readonly #limit: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, T>();

  /** @param limit - how many, 1 or more; bounding the size of each is the caller's. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Absent when it was never kept, or others took its place. */
  get(key: string): T | undefined {
    const found = this.#kept.get(key);
    if (found !== undefined) this.keep(key, found);
    return found;
  }

  keep(key: string, value: T): void {
    this.#kept.delete(key);
    this.#kept.set(key, value);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limit) return;
      this.#kept.delete(oldest);
    }
  }
}
