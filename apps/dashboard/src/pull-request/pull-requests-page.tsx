import type { PullRequestSummary } from '@slipway/api';
import { Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { StatusBadge } from '../mark/status-badge.tsx';
import { usePullRequests } from '../server/queries.ts';
import { OpenForm } from './open-form.tsx';
import css from './pull-request.module.css';
import { pullRequestStatus } from './pull-request-words.ts';

const route = getRouteApi('/pull-requests');

const filters = [
  { search: {}, text: 'Open', state: 'open' },
  { search: { state: 'merged' }, text: 'Merged', state: 'merged' },
  { search: { state: 'closed' }, text: 'Closed', state: 'closed' },
  { search: { state: 'all' }, text: 'All', state: 'all' },
] as const;

/** Pull requests of every repository: of code, and of config, where promotions are decided. */
export function PullRequestsPage() {
  const { state = 'open' } = route.useSearch();
  const [isOpening, setOpening] = useState(false);
  const query = usePullRequests(state === 'all' ? undefined : state);
  return (
    <Page
      title="Pull requests"
      actions={
        <>
          <nav className={css['filters']} aria-label="State">
            {filters.map(({ search, text, state: own }) => (
              <Link key={own} to="/pull-requests" search={search} aria-current={own === state ? 'true' : undefined}>
                {text}
              </Link>
            ))}
          </nav>
          <Button disabled={isOpening} onClick={() => setOpening(true)}>
            Open a pull request
          </Button>
        </>
      }
    >
      {isOpening ? <OpenForm onCancel={() => setOpening(false)} /> : undefined}
      <QueryView
        query={query}
        what="the pull requests"
        shapes={[72, 72, 72]}
        empty={{ isEmpty: (all) => all.length === 0, view: <NoPullRequests state={state} /> }}
      >
        {(all) => (
          <ul className={css['list']}>
            {all.map((summary) => (
              <Row key={`${summary.repository} ${summary.number}`} summary={summary} />
            ))}
          </ul>
        )}
      </QueryView>
    </Page>
  );
}

function Row({ summary }: { readonly summary: PullRequestSummary }) {
  const { repository, number } = summary;
  return (
    <li>
      <StatusBadge status={pullRequestStatus(summary.state)} />
      <div>
        <Link
          to="/pull-requests/$repository/$number"
          params={{ repository, number: `${number}` }}
          className={css['subject']}
        >
          {summary.title}
        </Link>
        <span className={css['meta']}>
          <b>
            {repository} #{number}
          </b>
          <span>
            {summary.source} → {summary.target}
          </span>
          <span>{summary.author}</span>
          {summary.promotion === undefined ? undefined : <span className={css['promotes']}>promotion</span>}
          <Moment at={summary.updatedAt} />
        </span>
      </div>
    </li>
  );
}

function NoPullRequests({ state }: { readonly state: string }) {
  return (
    <Empty icon="branches" title={state === 'all' ? 'No pull request yet' : `No pull request is ${state}`}>
      Push a branch to a repository here, then open its pull request above. Promotions open theirs by themselves.
    </Empty>
  );
}
