import type { TicketView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { CanaryControl } from '../canary/canary-control.tsx';
import { CanaryProgress } from '../canary/canary-progress.tsx';
import { canaryOf } from '../canary/parse-canary.ts';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { Moment } from '../mark/moment.tsx';
import { deliveryStatus } from '../mark/status.ts';
import { StatusBadge, StatusDot } from '../mark/status-badge.tsx';
import css from './ticket.module.css';
import { ticketStatus } from './ticket-words.ts';

/** How it goes or went, with its canary as the operator last told of it. */
export function Progress({ view }: { readonly view: TicketView }) {
  const { application, environment, deployment, outcome, message } = view;
  const canary = canaryOf(deployment);
  return (
    <Card title="Outcome" aside={<StatusBadge status={ticketStatus(outcome)} />}>
      <div className={css['stack']}>
        {message === '' ? undefined : <p className={css['body']}>{message}</p>}
        {deployment === undefined ? (
          <p className={css['soft']}>It is not deployed yet.</p>
        ) : (
          <p className={css['soft']}>
            Deployment {deliveryStatus(deployment.phase).text.toLowerCase()}, begun <Moment at={deployment.startedAt} />
            {deployment.finishedAt === undefined ? undefined : (
              <>
                , over <Moment at={deployment.finishedAt} />
              </>
            )}
            {deployment.message === '' || deployment.message === message ? undefined : <>: {deployment.message}</>}
          </p>
        )}
        {canary === undefined ? undefined : (
          <>
            <CanaryProgress canary={canary.message === message ? { ...canary, message: undefined } : canary} />
            {deployment?.phase === 'running' ? <CanaryControl {...{ application, environment, canary }} /> : undefined}
          </>
        )}
      </div>
    </Card>
  );
}

/** What ran before, and the command that brings it back. */
export function GoBack({ view: { rollbackTo, application, environment } }: { readonly view: TicketView }) {
  return (
    <Card title="To go back to">
      {rollbackTo === undefined ? (
        <p className={css['soft']}>Nothing ran there before.</p>
      ) : (
        <div className={css['stack']}>
          <Copyable text={rollbackTo.release} what="release to go back to" length={16} />
          <div className={css['command']}>
            <Copyable text={rollbackTo.command} what="rollback command" />
          </div>
          <Link
            to="/environments/$application/$environment/rollback"
            params={{ application, environment }}
            search={{ to: rollbackTo.deployment }}
          >
            See what it would take back
          </Link>
        </div>
      )}
    </Card>
  );
}

/** Who consented, and the pull request where they did. */
export function Approvals({ view }: { readonly view: TicketView }) {
  const { approvals, pullRequest, repository } = view;
  return (
    <Card title="Approvals">
      <div className={css['stack']}>
        {approvals.length === 0 ? (
          <p className={css['soft']}>Nobody has approved it.</p>
        ) : (
          <p className={css['body']}>Approved by {approvals.join(', ')}.</p>
        )}
        {pullRequest === undefined ? undefined : (
          <Link to="/pull-requests/$repository/$number" params={{ repository, number: `${pullRequest}` }}>
            Pull request #{pullRequest}
          </Link>
        )}
      </div>
    </Card>
  );
}

/** What was checked after deploying. */
export function Checks({ verifications }: Pick<TicketView, 'verifications'>) {
  return (
    <Card title="Checks">
      {verifications.length === 0 ? (
        <p className={css['soft']}>Nothing was checked after deploying.</p>
      ) : (
        <ul className={css['checks']} aria-label="Checks">
          {verifications.map(({ name, phase, message }) => (
            <li key={name}>
              <StatusDot status={deliveryStatus(phase)} />
              <div>
                <b>{name}</b> <span>{deliveryStatus(phase).text}</span>
                {message === '' ? undefined : <p>{message}</p>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** The releases before and after, by their digests. */
export function Releases({ view }: { readonly view: TicketView }) {
  return (
    <Card title="Release">
      <div className={css['stack']}>
        <Copyable text={view.release} what="release" length={16} />
        {view.fromRelease === undefined ? undefined : (
          <span className={css['soft']}>
            before: <Copyable text={view.fromRelease} what="release before" length={16} />
          </span>
        )}
      </div>
    </Card>
  );
}
