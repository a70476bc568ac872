import type { PromotionView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { Card } from '../mark/card.tsx';
import { Note } from '../mark/note.tsx';
import { usePullRequests, useTickets } from '../server/queries.ts';
import css from './rollback.module.css';

export interface Asked {
  readonly promotion: PromotionView;
  readonly isEmergency: boolean;
}

/** After the press: what happens now, and where it is followed. Pull request and ticket appear once they are there. */
export function RollbackAsked({ asked: { promotion, isEmergency } }: { readonly asked: Asked }) {
  const { id, application, environment, message } = promotion;
  const carrier = usePullRequests('open').data?.find((candidate) => candidate.promotion === id);
  const ticket = useTickets().data?.find((candidate) => candidate.id === id);
  return (
    <Card title={`The rollback of ${environment} has begun`}>
      <div className={css['outcome']}>
        <Note tone={isEmergency ? 'wait' : 'busy'} icon={isEmergency ? 'warn' : 'check'} role="status">
          {isEmergency ? <b>It goes in past its approvals. </b> : undefined}
          {message}
        </Note>
        <ul className={css['links']} aria-label="Where it is followed">
          {carrier === undefined ? undefined : (
            <li>
              <Link
                to="/pull-requests/$repository/$number"
                params={{ repository: carrier.repository, number: `${carrier.number}` }}
              >
                Pull request #{carrier.number}: {carrier.title}
              </Link>
            </li>
          )}
          {ticket === undefined ? undefined : (
            <li>
              <Link to="/tickets/$ticket" params={{ ticket: id }}>
                Release ticket {ticket.number}
              </Link>
            </li>
          )}
          <li>
            <Link to="/environments/$application" params={{ application }}>
              Board of {application}
            </Link>
          </li>
        </ul>
        <p className={css['soft']}>Promotion {id}</p>
      </div>
    </Card>
  );
}
