import { InvariantError, type Signature } from '@slipway/domain';
import type { SourceTree } from '@slipway/manifests';
import type { GitFileChange } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';

/** The tree an edit is applied to: the newest head, and on it the edits that land before this one in the same batch. */
export type EditableTree = SourceTree;

/** What an edit makes of a tree. `nothing`: the tree says it already. */
export type EditOutcome =
  | { readonly kind: 'changes'; readonly changes: readonly GitFileChange[] }
  | { readonly kind: 'nothing' };

/**
 * A semantic edit of a config branch: it is applied to whatever head is newest, never merged as text.
 *
 * `apply` may run several times and on several heads; it has no outside effect. What it throws fails this edit alone.
 */
export interface ManifestEdit {
  /** Exactly once: stands as a trailer in the commit, where a replay finds it. One line, no blanks at its ends. */
  readonly id: string;
  readonly author: Signature;
  readonly subject: string;
  readonly body?: string;
  /** In order, before the id's own. Values hold no newline. */
  readonly trailers: readonly (readonly [string, string])[];
  apply(tree: EditableTree): Promise<EditOutcome>;
}

/** The trailer that carries an edit's id. */
export const changeTrailer = 'Slipway-Change';

/** What a trailer's key may be: anything else would turn the whole block into prose (git-interpret-trailers(1)). */
const trailerKey = /^[A-Za-z0-9-]+$/;

/** @throws {@link DeliveryError} `CHANGE_ID_INVALID` for an id that would not be read back as it was written. */
export function checkChangeId(id: string): string {
  if (id !== '' && id.length <= 500 && id === oneLine(id) && !/\p{Cc}/u.test(id)) return id;
  throw new DeliveryError('CHANGE_ID_INVALID', `${JSON.stringify(id.slice(0, 100))} is not a change id`);
}

/** The whole message of an edit's commit, trailers last; hostile newlines in a subject cannot forge one. */
export function commitMessage(edit: ManifestEdit): string {
  const trailers = edit.trailers.map(([key, value]) => {
    if (!trailerKey.test(key) || key.toLowerCase() === changeTrailer.toLowerCase()) {
      throw new InvariantError(`${JSON.stringify(key)} cannot be the key of a trailer`);
    }
    return `${key}: ${oneLine(value)}`;
  });
  const body = edit.body === undefined ? '' : wellFormed(edit.body).trim();
  // A message without a title has no trailers either: its first paragraph is the title.
  const subject = oneLine(edit.subject) || 'Update manifests';
  const block = [...trailers, `${changeTrailer}: ${edit.id}`].join('\n');
  return `${[subject, ...(body === '' ? [] : [body]), block].join('\n\n')}\n`;
}

function oneLine(text: string): string {
  return wellFormed(text)
    .replace(/[\r\n]+/g, ' ')
    .trim();
}

/** Without what Git refuses in a message: NUL and half characters. */
function wellFormed(text: string): string {
  return text.replace(/\0+/g, ' ').replace(/\p{Surrogate}/gu, '\ufffd');
}
