import type { PullRequestView } from '@slipway/api';
import { getRouteApi } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { StatusBadge } from '../mark/status-badge.tsx';
import { usePullRequest } from '../server/queries.ts';
import { Checks } from './checks.tsx';
import { CodeDiff } from './code-diff.tsx';
import { MergeBox } from './merge-box.tsx';
import css from './pull-request.module.css';
import { pullRequestStatus } from './pull-request-words.ts';
import { RenderedDiffs } from './rendered-diffs.tsx';
import { Reviews } from './reviews.tsx';

const route = getRouteApi('/pull-requests/$repository/$number');

/** One pull request: what it changes, and what stands between it and the branch. */
export function PullRequestPage() {
  const { repository, number } = route.useParams();
  const query = usePullRequest(repository, Number(number));
  return (
    <Page
      title={query.data?.title ?? 'Pull request'}
      below={query.data === undefined ? undefined : <About view={query.data} />}
    >
      <QueryView query={query} what="the pull request" shapes={[120, 420]}>
        {(view) => (
          <div className={css['columns']}>
            <div className={css['content']}>
              <Content view={view} />
            </div>
            <aside className={css['side']} aria-label="Checks, reviews and merging">
              <MergeBox view={view} />
              <Checks checks={view.checks} />
              <Reviews view={view} />
            </aside>
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function About({ view }: { readonly view: PullRequestView }) {
  return (
    <>
      <StatusBadge status={pullRequestStatus(view.state)} />
      <span>
        {view.repository} #{view.number}
      </span>
      <span>{view.author}</span>
      <span>
        <code>{view.source}</code> → <code>{view.target}</code>
      </span>
      <Copyable text={view.head} what="head commit" length={10} />
      <Moment at={view.updatedAt} />
    </>
  );
}

function Content({ view }: { readonly view: PullRequestView }) {
  return (
    <>
      {view.conflicts.length === 0 ? undefined : (
        <Note tone="bad" icon="warn">
          <b>It conflicts with {view.target}</b> in {view.conflicts.join(', ')}. Merge {view.target} into {view.source}{' '}
          and push.
        </Note>
      )}
      {view.body.trim() === '' ? undefined : (
        <Card label="Description">
          <p className={css['body']}>{view.body}</p>
        </Card>
      )}
      {view.renderedDiff === undefined ? undefined : (
        <Card title="What the environments would become">
          <RenderedDiffs diffs={view.renderedDiff} />
        </Card>
      )}
      <Card title="Changes">
        <CodeDiff view={view} />
      </Card>
    </>
  );
}
