import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useEffect, useState } from 'react';
import { useServer } from '../server/server-context.ts';
import { cachedNounsOf } from './changed-nouns.ts';
import { connectLive } from './live-connection.ts';

const LostSinceContext = createContext<number | undefined>(undefined);

/** When the event stream was lost (milliseconds since the epoch); `undefined` while changes arrive by themselves. */
export function useLostSince(): number | undefined {
  return use(LostSinceContext);
}

const pollMs = 10_000;
/** A push changes many records at once; one reading after them is enough. */
const settleMs = 150;

/** One event stream for the whole page; while it is lost, what is on the screen is read again every 10 seconds. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const { openEvents } = useServer();
  const queries = useQueryClient();
  const [lostSince, setLostSince] = useState<number>();

  useEffect(() => {
    const changed = new Set<string>();
    let settling: ReturnType<typeof setTimeout> | undefined;
    const end = connectLive({
      open: () => openEvents('/api/v1/events'),
      onLost: setLostSince,
      onLive: (hadGap) => {
        setLostSince(undefined);
        if (hadGap) void queries.invalidateQueries();
      },
      onChange: ({ noun }) => {
        for (const cached of cachedNounsOf(noun)) changed.add(cached);
        settling ??= setTimeout(() => {
          settling = undefined;
          const nouns = new Set(changed);
          changed.clear();
          void queries.invalidateQueries({ predicate: ({ queryKey }) => nouns.has(String(queryKey[0])) });
        }, settleMs);
      },
    });
    return () => {
      clearTimeout(settling);
      end();
    };
  }, [openEvents, queries]);

  useEffect(() => {
    if (lostSince === undefined) return;
    let timer = setTimeout(poll, pollMs);
    function poll(): void {
      void queries.refetchQueries({ type: 'active' });
      timer = setTimeout(poll, pollMs);
    }
    return () => clearTimeout(timer);
  }, [lostSince, queries]);

  return <LostSinceContext value={lostSince}>{children}</LostSinceContext>;
}
