/** One holder at a time for each key, in order of asking. */
export interface Turns {
  /** @returns what gives the turn back; calling it twice does no harm. @throws the signal's reason when it came first. */
  take(key: string, signal: AbortSignal): Promise<() => void>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    async take(key, signal) {
      const before = last.get(key) ?? Promise.resolve();
      let release = (): void => undefined;
      const mine = new Promise<void>((resolve) => (release = resolve));
      const tail = before.then(() => mine);
      last.set(key, tail);
      void tail.then(() => {
        if (last.get(key) === tail) last.delete(key);
      });
      const stop = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      if (!signal.aborted) await Promise.race([before, stop]);
      if (signal.aborted) release();
      signal.throwIfAborted();
      return release;
    },
  };
}
