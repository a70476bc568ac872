import { Button } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { Icon } from '../mark/icon.tsx';
import { Moment } from '../mark/moment.tsx';
import { ValueView } from '../mark/value-view.tsx';
import type { TrailLink } from '../server/answers.ts';
import { useTrail } from '../server/queries.ts';
import css from './change.module.css';
import { linkWords, tellLink, tellReason } from './link-words.ts';

const route = getRouteApi('/changes/$change');

/** What happened to one change, every step with its statement in the log. */
export function TrailPage() {
  const { change } = route.useParams();
  const query = useTrail(change);
  return (
    <Page
      title={query.data?.subject ?? 'Trail'}
      below={
        query.data === undefined ? undefined : (
          <>
            <span>{query.data.repository}</span>
            <Copyable text={query.data.commit} what="commit" length={10} />
            <span>{query.data.author}</span>
            <span>
              {query.data.links.length} {query.data.links.length === 1 ? 'statement' : 'statements'}
            </span>
          </>
        )
      }
    >
      <QueryView
        query={query}
        what="the trail"
        shapes={[88, 88, 88, 88]}
        empty={{ isEmpty: ({ links }) => links.length === 0, view: <NoLinks /> }}
      >
        {({ links }) => (
          <ol className={css['trail']} aria-label="Links of the chain">
            {links.map((link) => (
              <Link key={link.statement} link={link} />
            ))}
          </ol>
        )}
      </QueryView>
    </Page>
  );
}

function NoLinks() {
  return (
    <Empty icon="trail" title="Nothing is stated about this change yet">
      The first statement is written when its pipeline starts; look at its run.
    </Empty>
  );
}

function Link({ link }: { readonly link: TrailLink }) {
  const [isOpen, setOpen] = useState(false);
  const { text, icon } = linkWords(link.kind, link.predicate);
  const told = tellLink(link);
  const reason = tellReason(link.kind, link.predicate);
  return (
    <li className={link.kind === 'refusal' ? css['refused'] : ''}>
      <span className={css['bead']}>
        <Icon name={icon} size={14} />
      </span>
      <div className={css['link']}>
        {link.title === text ? undefined : <span className={css['kind']}>{text}</span>}
        <div className={css['linkHead']}>
          <h2>
            {link.title}
            {told === '' ? undefined : <span className={css['told']}>{told}</span>}
          </h2>
          <Moment at={link.at} />
        </div>
        {reason === '' ? undefined : <p className={css['reason']}>{reason}</p>}
        <dl className={css['proof']}>
          <div>
            <dt>Statement</dt>
            <dd>
              <Copyable text={link.statement} what="statement id" />
            </dd>
          </div>
          <div>
            <dt>Digest</dt>
            <dd>
              <Copyable text={link.digest} what="statement digest" length={16} />
            </dd>
          </div>
          <div>
            <dt>Log index</dt>
            <dd>{link.index === undefined ? 'not in the log yet' : link.index}</dd>
          </div>
        </dl>
        <Button variant="default" size="compact-xs" aria-expanded={isOpen} onClick={() => setOpen((is) => !is)}>
          {isOpen ? 'Hide what it states' : 'What it states'}
        </Button>
        {isOpen ? (
          <div className={css['predicate']}>
            <ValueView value={link.predicate} />
          </div>
        ) : undefined}
      </div>
    </li>
  );
}
