import type { PullRequestView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { Card } from '../mark/card.tsx';
import { runStatus } from '../mark/status.ts';
import { StatusDot } from '../mark/status-badge.tsx';
import css from './pull-request.module.css';

/** Pipelines on the merge result, each with its run. */
export function Checks({ checks }: Pick<PullRequestView, 'checks'>) {
  return (
    <Card title="Checks">
      {checks.length === 0 ? <p className={css['soft']}>No pipeline runs on this pull request.</p> : undefined}
      <ul className={css['checks']}>
        {checks.map((check) => (
          <Check key={check.pipeline} check={check} />
        ))}
      </ul>
    </Card>
  );
}

function Check({ check }: { readonly check: PullRequestView['checks'][number] }) {
  const status = runStatus(check);
  return (
    <li>
      <StatusDot status={status} />
      <div>
        {check.run === undefined ? (
          <b>{check.pipeline}</b>
        ) : (
          <Link to="/runs/$run" params={{ run: check.run }}>
            {check.pipeline}
          </Link>
        )}{' '}
        <span>
          {status.text}
          {check.isRequired ? ', required' : ''}
        </span>
        {check.message === undefined ? undefined : <p>{check.message}</p>}
      </div>
    </li>
  );
}
