import type { PullRequestView } from '@slipway/api';
import { DiffView } from '../diff/diff-view.tsx';
import { Note } from '../mark/note.tsx';
import css from './pull-request.module.css';

/** What each environment renders to, before against after: an edit of a shared base shows everywhere it reaches. */
export function RenderedDiffs({ diffs }: { readonly diffs: NonNullable<PullRequestView['renderedDiff']> }) {
  const isTouched = ({ diff, fault }: (typeof diffs)[number]) => diff.trim() !== '' || fault !== undefined;
  const touched = diffs.filter(isTouched);
  const untouched = diffs.filter((entry) => !isTouched(entry)).map(({ environment }) => environment);
  return (
    <div className={css['rendered']}>
      {touched.map(({ environment, diff, fault }) => (
        <section key={environment} aria-label={`Rendered diff of ${environment}`}>
          <h3>{environment}</h3>
          {fault === undefined ? undefined : (
            <Note tone="bad" icon="warn">
              It does not render: {fault}
            </Note>
          )}
          {diff.trim() === '' ? undefined : <DiffView diff={diff} label={`Rendered changes of ${environment}`} />}
        </section>
      ))}
      {untouched.length === 0 ? undefined : <p className={css['soft']}>Stays the same: {untouched.join(', ')}.</p>}
    </div>
  );
}
