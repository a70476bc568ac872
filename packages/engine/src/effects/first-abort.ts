/**
 * Runs `work` with a signal that aborts as soon as one of `signals` does, with its reason.
 *
 * In place of `AbortSignal.any`, which leaves an entry on a long-lived signal for each call (nodejs/node#54614).
 */
export async function withFirstAbort<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const follow = (event: Event): void => {
    if (event.target instanceof AbortSignal) controller.abort(event.target.reason);
  };
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    else signal.addEventListener('abort', follow, { once: true });
  }
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', follow);
  }
}
