import type { RunView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Elapsed, Moment } from '../mark/moment.tsx';
import { runStatus } from '../mark/status.ts';
import { StatusBadge, StatusDot } from '../mark/status-badge.tsx';
import { useRuns } from '../server/queries.ts';
import css from './run.module.css';
import { describeTrigger } from './run-words.ts';

/** Every run, newest first. */
export function RunsPage() {
  return (
    <Page title="Runs">
      <QueryView
        query={useRuns()}
        what="the runs"
        shapes={[72, 72, 72, 72, 72]}
        empty={{ isEmpty: (runs) => runs.length === 0, view: <NoRuns /> }}
      >
        {(runs) => (
          <ul className={css['list']}>
            {runs.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </ul>
        )}
      </QueryView>
    </Page>
  );
}

function NoRuns() {
  return (
    <Empty icon="play" title="No pipeline has run yet">
      Push a commit to a code repository, or run one from a checkout:
      <pre>slipway run</pre>
    </Empty>
  );
}

function RunRow({ run }: { readonly run: RunView }) {
  return (
    <li className={css['row']}>
      <StatusBadge status={runStatus(run)} />
      <div className={css['what']}>
        <Link to="/runs/$run" params={{ run: run.id }} className={css['subject']}>
          {run.subject === '' ? run.id : run.subject}
        </Link>
        <span className={css['meta']}>
          <b>{run.repository}</b>
          <span>{run.pipeline}</span>
          <span>{describeTrigger(run)}</span>
          <span>{run.author.name}</span>
          <code>{run.commit.slice(0, 8)}</code>
        </span>
      </div>
      <span className={css['strip']}>
        {run.stages.map((stage) => {
          const status = runStatus(stage);
          return <StatusDot key={stage.name} status={status} label={`${stage.name}: ${status.text}`} />;
        })}
      </span>
      <span className={css['when']}>
        <Moment at={run.createdAt} />
        <Elapsed startedAt={run.createdAt} durationMs={run.durationMs} />
      </span>
    </li>
  );
}
