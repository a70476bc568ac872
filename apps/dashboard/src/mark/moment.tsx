import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import css from './mark.module.css';
import { describeAgo, describeDuration, describeExact } from './time.ts';

/** The time as it passes. @param everyMs - how often the view is drawn again; `undefined` stands still. */
function useNow(everyMs: number | undefined): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setTimeout(() => setNow(Date.now()), everyMs);
    return () => clearTimeout(timer);
  }, [everyMs, now]);
  return now;
}

interface MomentProps {
  /** ISO 8601. */
  readonly at: string;
  /** A time to come is said as such; else one that the server’s clock puts ahead of ours is now. */
  readonly isAhead?: boolean;
}

/** A point in time as people say it, exact on hover and focus. */
export function Moment({ at, isAhead = false }: MomentProps) {
  const now = useNow(20_000);
  const then = Date.parse(at);
  if (Number.isNaN(then)) return <span>{at}</span>;
  return (
    <Tooltip label={describeExact(then)}>
      <time dateTime={at} className={css['moment']}>
        {describeAgo(then, isAhead ? now : Math.max(now, then))}
      </time>
    </Tooltip>
  );
}

interface ElapsedProps {
  readonly startedAt?: string | undefined;
  /** Once it has ended. */
  readonly durationMs?: number | undefined;
}

/** How long something took, or has been going on. */
export function Elapsed({ startedAt, durationMs }: ElapsedProps) {
  const isGoing = durationMs === undefined && startedAt !== undefined;
  const now = useNow(isGoing ? 1_000 : undefined);
  if (durationMs !== undefined) return <span className={css['moment']}>{describeDuration(durationMs)}</span>;
  if (startedAt === undefined) return null;
  const seconds = Math.max(0, Math.floor((now - Date.parse(startedAt)) / 1_000));
  return <span className={css['moment']}>{describeDuration(seconds * 1_000).replace('.0 s', ' s')}</span>;
}
