import type { RollbackPreviewView } from '@slipway/api';
import { lazy, Suspense, useState } from 'react';
import { QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { Note } from '../mark/note.tsx';
import { UnmetGates } from '../mark/unmet-gates.tsx';
import { type RollbackChoice, useRollbackPreview } from '../server/queries.ts';
import { Release } from './release-choice.tsx';
import css from './rollback.module.css';
import { RollbackForm } from './rollback-form.tsx';
import { type Asked, RollbackAsked } from './rollback-asked.tsx';

const DiffView = lazy(async () => ({ default: (await import('../diff/diff-view.tsx')).DiffView }));

/** What would come of the choice, as the server works it out; below it the button. */
export function RollbackPreview({ choice }: { readonly choice: RollbackChoice }) {
  const query = useRollbackPreview(choice);
  const [asked, setAsked] = useState<Asked>();
  if (asked !== undefined) return <RollbackAsked asked={asked} />;
  return (
    <div className={css['preview']}>
      <QueryView query={query} what="what it would take back" shapes={[160, 320]} isPart>
        {(preview) => (
          <>
            <Card title={`What it would take back in ${choice.environment}`}>
              <Outcome preview={preview} />
            </Card>
            <RollbackForm choice={choice} preview={preview} onAsked={setAsked} />
          </>
        )}
      </QueryView>
    </div>
  );
}

function Outcome({ preview }: { readonly preview: RollbackPreviewView }) {
  const { unmet, target, isProven, reverts, paths, method, renderedDiff } = preview;
  const isWorkedOut = method !== undefined;
  return (
    <div className={css['outcome']}>
      {unmet.length === 0 ? undefined : <UnmetGates gates={unmet} label="Why it would be refused" />}
      {target === undefined ? undefined : (
        <div className={css['target']}>
          <span className={css['soft']}>Goes back to</span>
          <Release release={target} />
        </div>
      )}
      {isWorkedOut && !isProven ? (
        <Note tone="wait" icon="warn">
          <b>It never ran in this combination.</b> Each part ran here, but not together: look at the diff.
        </Note>
      ) : undefined}
      {method === 'pin' ? (
        <Note tone="wait" icon="warn">
          The files have changed since: it is not a plain revert, the images of then are written into the files of now.
        </Note>
      ) : undefined}
      <Commits reverts={reverts} />
      <Paths paths={paths} />
      {isWorkedOut ? (
        <Suspense fallback={undefined}>
          <DiffView diff={renderedDiff} label="Rendered diff of the rollback" />
        </Suspense>
      ) : undefined}
    </div>
  );
}

function Commits({ reverts }: Pick<RollbackPreviewView, 'reverts'>) {
  if (reverts.length === 0) return undefined;
  return (
    <section className={css['part']}>
      <h3>
        {reverts.length} {reverts.length === 1 ? 'commit is' : 'commits are'} taken back
      </h3>
      <ul className={css['commits']} aria-label="Commits that are taken back">
        {reverts.map(({ commit, subject, author }) => (
          <li key={commit}>
            <span>{subject}</span>
            <span className={css['meta']}>
              <Copyable text={commit} what="commit" length={8} />
              <span>{author}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Paths({ paths }: Pick<RollbackPreviewView, 'paths'>) {
  if (paths.length === 0) return undefined;
  return (
    <section className={css['part']}>
      <h3>
        {paths.length} {paths.length === 1 ? 'file changes' : 'files change'}
      </h3>
      <ul className={css['commits']} aria-label="Files that change">
        {paths.map((path) => (
          <li key={path}>
            <code>{path}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
