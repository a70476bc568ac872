import type { Effect, EffectQueue } from '@slipway/ports';

/** An effect queue that a test empties by hand: effects of transactions that committed, each key once for ever. */
export class EffectLog implements EffectQueue {
  readonly #keys = new Set<string>();
  #pending: Effect[] = [];

  enqueue(): Promise<void> {
    return Promise.resolve();
  }

  committed(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (this.#keys.has(effect.key)) continue;
      this.#keys.add(effect.key);
      this.#pending.push(effect);
    }
  }

  /** The effects that wait, oldest first; they are gone from here then. */
  take(kind?: string): readonly Effect[] {
    const taken = this.#pending.filter((effect) => kind === undefined || effect.kind === kind);
    this.#pending = this.#pending.filter((effect) => !taken.includes(effect));
    return taken;
  }

  /** Keys of every effect there ever was, in order. */
  keys(): readonly string[] {
    return [...this.#keys];
  }
}
