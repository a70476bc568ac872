import type { RollbackPreviewView } from '@slipway/api';
import { DiffView } from '../diff/diff-view.tsx';
import { QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { Note } from '../mark/note.tsx';
import { UnmetGates } from '../mark/unmet-gates.tsx';
import { type RollbackChoice, useRollbackPreview } from '../server/queries.ts';
import { RollbackForm } from './rollback-form.tsx';
import css from './rollback.module.css';

/** What the server says a rollback would do, before anybody presses the button. */
export function RollbackPreview({ choice }: { readonly choice: RollbackChoice }) {
  return (
    <div className={css['preview']}>
      <QueryView query={useRollbackPreview(choice)} what="what would be taken back" shapes={[96, 220]}>
        {(preview) => <Preview choice={choice} preview={preview} />}
      </QueryView>
    </div>
  );
}

function Preview({ choice, preview }: { readonly choice: RollbackChoice; readonly preview: RollbackPreviewView }) {
  const { isAllowed, unmet, reverts, method, paths, isProven, renderedDiff, environment } = preview;
  if (!isAllowed) {
    return (
      <Card title="It would be refused">
        <UnmetGates gates={unmet} label="Why it would be refused" />
      </Card>
    );
  }
  return (
    <>
      {isProven ? undefined : (
        <Note tone="wait" icon="warn">
          What comes of it never ran in {environment} in this combination.
        </Note>
      )}
      <Card title={method === 'pin' ? 'Its images are pinned; taken back are' : 'Taken back by a revert'}>
        <ul className={css['reverts']} aria-label="Commits that are taken back">
          {reverts.map(({ commit, subject, author }) => (
            <li key={commit}>
              <b>{subject}</b> <Copyable text={commit} what="commit" length={8} /> {author}
            </li>
          ))}
        </ul>
        <p className={css['soft']}>{paths.join(', ')}</p>
      </Card>
      <Card title={`What changes in ${environment}`}>
        {renderedDiff.trim() === '' ? (
          <p className={css['soft']}>Nothing would change.</p>
        ) : (
          <DiffView diff={renderedDiff} label="Changes of manifests" />
        )}
      </Card>
      {/* What was shown is what is asked for, also when something else ran meanwhile. */}
      <RollbackForm choice={preview.target === undefined ? choice : { ...choice, to: preview.target.deployment }} />
    </>
  );
}
