import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { SafeLink } from '../mark/safe-link.tsx';
import type { Status } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import { useInbox } from '../server/queries.ts';
import css from './inbox.module.css';

/** What waits for the person who looks, and what failed or recovered; no news is good news. */
export function InboxPage() {
  return (
    <Page title="Inbox">
      <QueryView
        query={useInbox()}
        what="your inbox"
        shapes={[84, 84, 84]}
        empty={{ isEmpty: ({ items }) => items.length === 0, view: <NoItems /> }}
      >
        {({ items }) => (
          <ul className={css['list']}>
            {items.map((item) => (
              <li key={item.id}>
                <div className={css['head']}>
                  <StatusBadge status={kindStatus(item.kind)} />
                  <Moment at={item.createdAt} />
                </div>
                <h2>
                  <SafeLink address={item.link}>{item.subject}</SafeLink>
                </h2>
                <p>{item.body}</p>
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Page>
  );
}

function NoItems() {
  return (
    <Empty icon="inbox" title="Nothing waits for you">
      Failures, recoveries and what needs your review arrive here. No news is good news.
    </Empty>
  );
}

const kinds: Readonly<Record<string, Status>> = {
  failure: { tone: 'bad', icon: 'cross', text: 'Failure' },
  recovery: { tone: 'ok', icon: 'check', text: 'Recovery' },
  waiting: { tone: 'wait', icon: 'clock', text: 'Waiting for you' },
};

function kindStatus(kind: string): Status {
  return (Object.hasOwn(kinds, kind) ? kinds[kind] : undefined) ?? { tone: 'quiet', icon: 'inbox', text: kind };
}
