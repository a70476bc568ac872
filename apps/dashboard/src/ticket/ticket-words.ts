import type { TicketSummary } from '@slipway/api';
import type { Status } from '../mark/status.ts';

const outcomes: Readonly<Record<NonNullable<TicketSummary['outcome']>, Status>> = {
  succeeded: { tone: 'ok', icon: 'check', text: 'Succeeded' },
  failed: { tone: 'bad', icon: 'cross', text: 'Failed' },
  errored: { tone: 'bad', icon: 'warn', text: 'Errored' },
  aborted: { tone: 'bad', icon: 'back', text: 'Aborted' },
  rejected: { tone: 'quiet', icon: 'cross', text: 'Rejected' },
  superseded: { tone: 'quiet', icon: 'skip', text: 'Superseded' },
};

/** How a release went. @param outcome - absent while it is under way. */
export function ticketStatus(outcome: TicketSummary['outcome']): Status {
  return outcome === undefined ? { tone: 'busy', icon: 'busy', text: 'Under way' } : outcomes[outcome];
}

/** What a promotion is called, by its kind. */
export const kindWords: Readonly<Record<TicketSummary['kind'], string>> = {
  promotion: 'Promotion',
  rollback: 'Rollback',
};
