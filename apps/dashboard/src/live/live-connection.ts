import type { ChangeEvent } from '../server/answers.ts';

/** The part of a browser's `EventSource` that is used. */
export interface EventStream {
  /** 0 connecting, 1 open, 2 closed for good. */
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

interface LiveHandlers {
  readonly open: () => EventStream;
  /** Something changed. */
  readonly onChange: (event: ChangeEvent) => void;
  /** Open again after a gap: whatever was missed must be read again. */
  readonly onLive: (hadGap: boolean) => void;
  /** Not open for {@link graceMs}. @param since - when it was lost, in milliseconds since the epoch. */
  readonly onLost: (since: number) => void;
}

/** A connection that comes back within this time was never lost, for people. In milliseconds. */
export const graceMs = 5_000;
const reopenMs = 5_000;
const closed = 2;

/**
 * Keeps one event stream open for as long as it is wanted.
 *
 * A browser reconnects by itself only after a broken connection, not after a refusal (HTTP 401 or 502 while the server
 * restarts): then the stream is closed for good and opened anew here.
 *
 * @returns ends it.
 */
export function connectLive(handlers: LiveHandlers): () => void {
  let stream: EventStream | undefined;
  let lostSince: number | undefined;
  let hasBeenOpen = false;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let reopening: ReturnType<typeof setTimeout> | undefined;

  function lose(): void {
    if (lostSince !== undefined) return;
    const since = Date.now();
    lostSince = since;
    grace = setTimeout(() => handlers.onLost(since), graceMs);
  }
  function gain(): void {
    clearTimeout(grace);
    lostSince = undefined;
    handlers.onLive(hasBeenOpen);
    hasBeenOpen = true;
  }
  function start(): void {
    const opened = handlers.open();
    stream = opened;
    opened.addEventListener('open', gain);
    opened.addEventListener('change', (event) => {
      const change = parseChange(event);
      if (change !== undefined) handlers.onChange(change);
    });
    opened.addEventListener('error', () => {
      lose();
      if (opened.readyState !== closed) return;
      clearTimeout(reopening);
      reopening = setTimeout(start, reopenMs);
    });
  }

  lose();
  start();
  return () => {
    clearTimeout(grace);
    clearTimeout(reopening);
    stream?.close();
  };
}

function parseChange(event: Event): ChangeEvent | undefined {
  if (!('data' in event) || typeof event.data !== 'string') return undefined;
  try {
    const value = JSON.parse(event.data) as Partial<ChangeEvent> | null;
    return typeof value?.noun === 'string' && typeof value.id === 'string'
      ? { noun: value.noun, id: value.id }
      : undefined;
  } catch {
    return undefined;
  }
}
