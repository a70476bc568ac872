import type { TicketView } from '@slipway/api';
import { getRouteApi } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { QueryView } from '../frame/query-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { StatusBadge } from '../mark/status-badge.tsx';
import { useTicket } from '../server/queries.ts';
import { BreakGlass } from './break-glass.tsx';
import { Approvals, Checks, GoBack, Progress, Releases } from './ticket-facts.tsx';
import { WhatChanged } from './what-changed.tsx';
import css from './ticket.module.css';
import { kindWords, ticketStatus } from './ticket-words.ts';

const route = getRouteApi('/tickets/$ticket');

/** One release: who, what, how it goes, and what to go back to. */
export function TicketPage() {
  const { ticket } = route.useParams();
  const query = useTicket(ticket);
  return (
    <Page
      title={query.data?.title ?? 'Release ticket'}
      below={query.data === undefined ? undefined : <About view={query.data} />}
    >
      <QueryView query={query} what="the release ticket" shapes={[120, 420]}>
        {(view) => (
          <>
            <BreakGlass view={view} />
            <div className={css['columns']}>
              <div className={css['content']}>
                <WhatChanged view={view} />
              </div>
              <aside className={css['side']} aria-label="How it goes">
                <Progress view={view} />
                <GoBack view={view} />
                <Approvals view={view} />
                <Checks verifications={view.verifications} />
                <Releases view={view} />
              </aside>
            </div>
          </>
        )}
      </QueryView>
    </Page>
  );
}

function About({ view }: { readonly view: TicketView }) {
  return (
    <>
      <StatusBadge status={ticketStatus(view.outcome)} />
      <span>
        {kindWords[view.kind]} #{view.number}
      </span>
      <span>
        {view.application} in {view.environment}
      </span>
      <span>
        opened by {view.openedBy} <Moment at={view.openedAt} />
      </span>
      {view.closedAt === undefined ? undefined : (
        <span>
          closed <Moment at={view.closedAt} />
        </span>
      )}
    </>
  );
}
