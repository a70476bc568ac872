import { Button, Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useLostSince } from '../live/live-provider.tsx';
import { Icon, type IconName } from '../mark/icon.tsx';
import { Note } from '../mark/note.tsx';
import { describeClock } from '../mark/time.ts';
import { problemOf, tellProblem } from '../server/dashboard-error.ts';
import css from './frame.module.css';

interface QueryViewProps<Answer> {
  readonly query: UseQueryResult<Answer>;
  /** Names what is being read, for people who hear the page. */
  readonly what: string;
  /** Heights in pixels of the shapes shown while loading. */
  readonly shapes: readonly number[];
  /** Part of a page that says by itself when it is stale. */
  readonly isPart?: boolean;
  readonly empty?: { readonly isEmpty: (answer: Answer) => boolean; readonly view: ReactNode };
  readonly children: (answer: Answer) => ReactNode;
}

/** The four states of every view: loading, failed, empty and, above what is there, stale. */
export function QueryView<Answer>({ query, what, shapes, isPart = false, empty, children }: QueryViewProps<Answer>) {
  if (query.data === undefined) {
    return query.isError ? <Failed query={query} what={what} /> : <Loading what={what} shapes={shapes} />;
  }
  return (
    <>
      {isPart && !query.isError ? undefined : <StaleBar query={query} />}
      {empty?.isEmpty(query.data) === true ? empty.view : children(query.data)}
    </>
  );
}

function Loading({ what, shapes }: { readonly what: string; readonly shapes: readonly number[] }) {
  return (
    <div className={css['loading']} role="status" aria-label={`Reading ${what}`}>
      {shapes.map((height, index) => (
        <Skeleton key={`${index} ${height}`} height={height} />
      ))}
    </div>
  );
}

function Failed({ query, what }: { readonly query: UseQueryResult; readonly what: string }) {
  const { message, next, code } = problemOf(query.error);
  return (
    <div className={css['state']} role="alert">
      <Icon name="warn" size={28} className={css['stateBad'] ?? ''} />
      <h2>Could not read {what}</h2>
      <p>{message}</p>
      {next === undefined || message.includes(next) ? undefined : <p>{next}</p>}
      <p className={css['code']}>{code}</p>
      <Button variant="default" onClick={() => void query.refetch()} loading={query.isFetching}>
        Try again
      </Button>
    </div>
  );
}

function StaleBar({ query }: { readonly query: UseQueryResult }) {
  const lostSince = useLostSince();
  if (lostSince === undefined && !query.isError) return undefined;
  const since = Math.max(lostSince ?? 0, query.dataUpdatedAt);
  return (
    <div className={css['stale']}>
      <Note tone="wait" icon="clock" role="status">
        <b>Stale since {describeClock(since)}.</b>{' '}
        {lostSince === undefined
          ? `The last reading failed: ${tellProblem(query.error)}`
          : 'Live updates are lost; this page is read again every 10 seconds.'}
      </Note>
    </div>
  );
}

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  /** What to do first. */
  readonly children: ReactNode;
}

/** Nothing is here yet, and what to do first. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div className={css['state']}>
      <Icon name={icon} size={28} />
      <h2>{title}</h2>
      <div>{children}</div>
    </div>
  );
}
