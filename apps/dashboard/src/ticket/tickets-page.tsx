import type { TicketSummary } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { StatusBadge } from '../mark/status-badge.tsx';
import { useTickets } from '../server/queries.ts';
import css from './ticket.module.css';
import { kindWords, ticketStatus } from './ticket-words.ts';

/** Every release into a protected environment, newest first. */
export function TicketsPage() {
  return (
    <Page title="Release tickets">
      <QueryView
        query={useTickets()}
        what="the release tickets"
        shapes={[72, 72, 72]}
        empty={{ isEmpty: (tickets) => tickets.length === 0, view: <NoTickets /> }}
      >
        {(tickets) => (
          <ul className={css['list']} aria-label="Release tickets">
            {tickets.map((ticket) => (
              <Row key={ticket.id} ticket={ticket} />
            ))}
          </ul>
        )}
      </QueryView>
    </Page>
  );
}

function Row({ ticket }: { readonly ticket: TicketSummary }) {
  return (
    <li>
      <StatusBadge status={ticketStatus(ticket.outcome)} />
      <div>
        <Link to="/tickets/$ticket" params={{ ticket: ticket.id }} className={css['subject']}>
          {ticket.title}
        </Link>
        <span className={css['meta']}>
          <b>#{ticket.number}</b>
          <span>{kindWords[ticket.kind]}</span>
          <span>
            {ticket.application} in {ticket.environment}
          </span>
          <span>{ticket.openedBy}</span>
          <Moment at={ticket.openedAt} />
        </span>
      </div>
    </li>
  );
}

function NoTickets() {
  return (
    <Empty icon="ticket" title="No release ticket yet">
      The first promotion into a protected environment opens the first one by itself.
    </Empty>
  );
}
