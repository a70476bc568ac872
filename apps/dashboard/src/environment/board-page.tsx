import type { BoardView } from '@slipway/api';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { useApplications, useBoard } from '../server/queries.ts';
import { BoardDetail, ShownDetailProvider } from './board-detail.tsx';
import css from './environment.module.css';
import { EnvironmentColumn } from './environment-column.tsx';

const route = getRouteApi('/environments/$application');

/** What runs where, in the order of promotion. */
export function BoardPage() {
  const { application } = route.useParams();
  const query = useBoard(application);
  const others = useApplications().data ?? [];
  return (
    <Page
      title={application}
      below={query.data === undefined ? undefined : <span>Environments in {query.data.repository}</span>}
      actions={
        <>
          {others.length < 2 ? undefined : (
            <nav className={css['others']} aria-label="Applications">
              {others.map((other) => (
                <Link
                  key={other.application}
                  to="/environments/$application"
                  params={{ application: other.application }}
                >
                  {other.application}
                </Link>
              ))}
            </nav>
          )}
          <Link to="/freezes">Freezes</Link>
        </>
      }
    >
      <QueryView
        query={query}
        what="the board"
        shapes={[420]}
        empty={{ isEmpty: ({ environments }) => environments.length === 0, view: <NoEnvironments /> }}
      >
        {({ environments }) => <Board key={application} environments={environments} />}
      </QueryView>
    </Page>
  );
}

function Board({ environments }: Pick<BoardView, 'environments'>) {
  const [shown, setShown] = useState<string>();
  const onToggle = useCallback((detail: string) => setShown((now) => (now === detail ? undefined : detail)), []);
  const details = useMemo(() => ({ shown, onToggle }), [shown, onToggle]);
  return (
    <ShownDetailProvider value={details}>
      <div className={css['board']}>
        {environments
          .toSorted((one, other) => one.order - other.order)
          .map((view) => (
            <EnvironmentColumn key={view.environment} view={view} />
          ))}
      </div>
      <BoardDetail environments={environments} />
    </ShownDetailProvider>
  );
}

function NoEnvironments() {
  return (
    <Empty icon="layers" title="No environment yet">
      List them, in the order of promotion, under <code>environments</code> in the delivery file of the config
      repository.
    </Empty>
  );
}
