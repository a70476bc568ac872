import { tellProblem } from '../server/dashboard-error.ts';
import { Note } from './note.tsx';

/** What the server refused, in its words; nothing while it has not. @param error - `null` when nothing went wrong. */
export function Refusal({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return undefined;
  return (
    <Note tone="bad" icon="warn" role="alert">
      {tellProblem(error)}
    </Note>
  );
}
