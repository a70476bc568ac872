import { useEffect, useState } from 'react';
import { useServer } from '../server/server-context.ts';
import { LogBuffer, type LogSnapshot } from './log-buffer.ts';

/** How far a log has been read. */
export interface LogState extends LogSnapshot {
  readonly phase: 'reading' | 'ended' | 'broken';
  readonly error?: unknown;
  /** Reads it again from the beginning. */
  readonly retry: () => void;
}

const drawEveryMs = 80;

/** Reads a log stream for as long as it is looked at. */
export function useLog(path: string): LogState {
  const { http } = useServer();
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<Omit<LogState, 'retry'>>({ phase: 'reading', lines: [], dropped: 0 });

  useEffect(() => {
    const ending = new AbortController();
    const buffer = new LogBuffer();
    let drawing: ReturnType<typeof setTimeout> | undefined;
    function draw(phase: LogState['phase'], error?: unknown): void {
      if (!ending.signal.aborted) setState({ ...buffer.snapshot(), phase, ...(error === undefined ? {} : { error }) });
    }
    async function read(): Promise<void> {
      const text = (await http.stream(path, ending.signal)).pipeThrough(decoder());
      for (const reader = text.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done) return;
        buffer.append(value);
        drawing ??= setTimeout(() => {
          drawing = undefined;
          draw('reading');
        }, drawEveryMs);
      }
    }
    setState({ phase: 'reading', lines: [], dropped: 0 });
    read().then(
      () => {
        clearTimeout(drawing);
        buffer.end();
        draw('ended');
      },
      (error: unknown) => {
        clearTimeout(drawing);
        draw('broken', error);
      },
    );
    return () => {
      clearTimeout(drawing);
      ending.abort();
    };
  }, [http, path, attempt]);

  return { ...state, retry: () => setAttempt((count) => count + 1) };
}

/** The DOM's types want a buffer that is not shared, which a stream of a response always has. */
function decoder(): ReadableWritablePair<string, Uint8Array> {
  const { readable, writable } = new TextDecoderStream();
  return { readable, writable: writable as WritableStream<Uint8Array> };
}
