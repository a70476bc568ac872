import type { WaitingApproval } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { UnmetGates } from '../mark/unmet-gates.tsx';
import { useApprovals } from '../server/queries.ts';
import css from '../ticket/ticket.module.css';
import { ReviewButton } from '../ticket/break-glass.tsx';

/** What waits for a second person, and whether that can be the one who looks. */
export function ApprovalsPage() {
  return (
    <Page title="Approvals">
      <QueryView
        query={useApprovals()}
        what="what waits for a second person"
        shapes={[96, 96]}
        empty={{ isEmpty: ({ items }) => items.length === 0, view: <NothingWaits /> }}
      >
        {({ items }) => (
          <ul className={css['list']} aria-label="What waits for a second person">
            {items.map((item) => (
              <Waiting key={`${item.promotion} ${item.waitsFor}`} item={item} />
            ))}
          </ul>
        )}
      </QueryView>
    </Page>
  );
}

function Waiting({ item }: { readonly item: WaitingApproval }) {
  const { promotion, kind, title, application, environment, requestedBy, requestedAt, reason, unmet } = item;
  return (
    <li>
      <b>{kind === 'rollback' ? 'Rollback' : 'Promotion'}</b>
      <div>
        <Link to="/tickets/$ticket" params={{ ticket: promotion }} className={css['subject']}>
          {title}
        </Link>
        <span className={css['meta']}>
          <span>
            {application} in {environment}
          </span>
          <span>asked for by {requestedBy}</span>
          <Moment at={requestedAt} />
        </span>
        {reason === undefined ? undefined : <p className={css['soft']}>{reason}</p>}
        {unmet.length === 0 ? undefined : <UnmetGates gates={unmet} label="What else it waits for" />}
        <Decide item={item} />
      </div>
    </li>
  );
}

/** Where it is decided: in its pull request, or here when it went in already. */
function Decide({
  item: { promotion, waitsFor, pullRequest, canApprove, isOverdue, reviewUntil },
}: {
  readonly item: WaitingApproval;
}) {
  if (waitsFor === 'review') {
    return (
      <>
        <p className={css['soft']}>
          {isOverdue ? <b>Overdue. </b> : undefined}It went in past its approvals
          {reviewUntil === undefined ? undefined : (
            <>
              ; to be reviewed until <Moment at={reviewUntil} isAhead />
            </>
          )}
          .
        </p>
        <ReviewButton promotion={promotion} />
      </>
    );
  }
  return (
    <p className={css['soft']}>
      {pullRequest === undefined ? undefined : (
        <Link
          to="/pull-requests/$repository/$number"
          params={{ repository: pullRequest.repository, number: `${pullRequest.number}` }}
        >
          Pull request {pullRequest.repository}#{pullRequest.number}
        </Link>
      )}{' '}
      {canApprove.isAllowed
        ? 'waits for you or another approver.'
        : `You cannot approve it: ${canApprove.reason ?? 'the server does not allow it'}`}
    </p>
  );
}

function NothingWaits() {
  return (
    <Empty icon="check" title="Nothing waits for a second person">
      Promotions to protected environments and rollbacks stand here until somebody else has approved them.
    </Empty>
  );
}
