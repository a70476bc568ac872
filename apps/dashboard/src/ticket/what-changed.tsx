import type { TicketView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { DiffView } from '../diff/diff-view.tsx';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { useChanges } from '../server/queries.ts';
import css from './ticket.module.css';

/** What the release brings: why, the commits, and what they do to app config and to the environment. */
export function WhatChanged({ view }: { readonly view: TicketView }) {
  return (
    <>
      {view.reason === undefined || view.reason === '' ? undefined : (
        <Card title="Why">
          <p className={css['body']}>{view.reason}</p>
        </Card>
      )}
      <Card title="Commits">
        {view.commits.length === 0 ? (
          <p className={css['soft']}>It brings no commit of the code.</p>
        ) : (
          <Commits commits={view.commits} />
        )}
      </Card>
      {view.configDiff.trim() === '' ? undefined : (
        <Card title="App config">
          <DiffView diff={view.configDiff} label="Changes of app config" />
        </Card>
      )}
      <Card title={`What changes in ${view.environment}`}>
        {view.manifestDiff.trim() === '' ? (
          <p className={css['soft']}>No manifest differs.</p>
        ) : (
          <DiffView diff={view.manifestDiff} label="Changes of manifests" />
        )}
      </Card>
    </>
  );
}

function Commits({ commits }: Pick<TicketView, 'commits'>) {
  // A commit in the middle of a push is no change of its own and has no trail to lead to.
  const known = new Set(useChanges().data?.map(({ id }) => id));
  return (
    <ul className={css['commits']} aria-label="Commits">
      {commits.map(({ repository, commit, subject, author }) => {
        const change = `${repository}@${commit}`;
        return (
          <li key={change}>
            {known.has(change) ? (
              <Link to="/changes/$change" params={{ change }} className={css['subject']}>
                {subject}
              </Link>
            ) : (
              <span className={css['subject']}>{subject}</span>
            )}
            <span className={css['meta']}>
              <b>{repository}</b>
              <Copyable text={commit} what="commit" length={8} />
              <span>{author}</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
