import { hasLabels } from '../objects/object-key.ts';
import type { ObjectChange, ObjectStore } from '../objects/object-store.ts';
import type { WatchLine } from './protocol.ts';

const aliveEveryMs = 10_000;
const maxWaitingLines = 10_000;

/** The current state of every object with these labels, then each change; an object that loses the labels is `deleted` for this watcher. */
export async function* watchStore(
  store: ObjectStore,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<WatchLine> {
  const waiting: WatchLine[] = [];
  let wake: () => void = () => undefined;
  const push = (line: WatchLine) => {
    waiting.push(line);
    wake();
  };
  // Subscribed before the first look: what happens in between is seen twice rather than never.
  const unsubscribe = store.subscribe((change) => lineOf(change, labels).forEach(push));
  try {
    for (const { object } of store.list()) if (hasLabels(object, labels)) waiting.push({ kind: 'changed', object });
    // A watcher that does not read is cut off and starts anew.
    while (!signal.aborted && waiting.length < maxWaitingLines) {
      const line = waiting.shift();
      if (line !== undefined) {
        yield line;
        continue;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => push({ kind: 'alive' }), aliveEveryMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', wake, { once: true });
      });
      signal.removeEventListener('abort', wake);
    }
  } finally {
    unsubscribe();
  }
}

function lineOf({ before, after }: ObjectChange, labels: Readonly<Record<string, string>>): readonly WatchLine[] {
  if (after !== undefined && hasLabels(after, labels)) return [{ kind: 'changed', object: after }];
  const wasWanted = before !== undefined && hasLabels(before, labels);
  return wasWanted ? [{ kind: 'deleted', object: after ?? before }] : [];
}
