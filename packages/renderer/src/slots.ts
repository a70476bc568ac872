/** A fixed number of places; who comes when all are taken waits in line. */
export interface Slots {
  /** Runs work with a slot number of its own; a caller that aborts leaves the line. */
  run<Result>(work: (slot: number) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

/** @param count - 1 or more. */
export function createSlots(count: number): Slots {
  const free = Array.from({ length: count }, (_, slot) => count - 1 - slot);
  const line: (() => void)[] = [];
  const take = async (signal: AbortSignal | undefined): Promise<number> => {
    for (;;) {
      if (signal?.aborted === true) {
        // A turn that came too late goes to the next one in line.
        line.shift()?.();
        signal.throwIfAborted();
      }
      const slot = free.pop();
      if (slot !== undefined) return slot;
      await waitForTurn(line, signal);
    }
  };
  return {
    async run(work, signal) {
      const slot = await take(signal);
      try {
        return await work(slot);
      } finally {
        free.push(slot);
        line.shift()?.();
      }
    },
  };
}

function waitForTurn(line: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const turn = (): void => {
      const at = line.indexOf(turn);
      if (at >= 0) line.splice(at, 1);
      signal?.removeEventListener('abort', turn);
      resolve();
    };
    line.push(turn);
    signal?.addEventListener('abort', turn, { once: true });
  });
}
