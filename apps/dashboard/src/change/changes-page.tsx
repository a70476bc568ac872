import { Link } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { useChanges } from '../server/queries.ts';
import css from './change.module.css';

/** Every change, newest first: each leads to its trail. */
export function ChangesPage() {
  return (
    <Page title="Changes">
      <QueryView
        query={useChanges()}
        what="the changes"
        shapes={[56, 56, 56, 56]}
        empty={{ isEmpty: (changes) => changes.length === 0, view: <NoChanges /> }}
      >
        {(changes) => (
          <ul className={css['list']}>
            {changes.map((change) => (
              <li key={change.id}>
                <Link to="/changes/$change" params={{ change: change.id }} className={css['subject']}>
                  {change.subject}
                </Link>
                <span className={css['meta']}>
                  <b>{change.repository}</b>
                  <code>{change.commit.slice(0, 8)}</code>
                  <span>{change.author}</span>
                  <Moment at={change.createdAt} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Page>
  );
}

function NoChanges() {
  return (
    <Empty icon="trail" title="No change yet">
      The first push to a code repository begins the first chain. Bring one here:
      <pre>slipway project add ../your-code</pre>
    </Empty>
  );
}
