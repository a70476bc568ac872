import type { Signature } from '@slipway/domain';
import type { GitFileChange, GitTreeEntry } from '@slipway/ports';

/** The tree an edit is applied to: the newest head, and on it the edits that land before this one in the same batch. */
export interface EditableTree {
  /** Absent when there is no such file. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Every file below `path`, links and submodules included. */
  list(path: string): Promise<readonly GitTreeEntry[]>;
}

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
  /** Exactly once: stands as a trailer in the commit, where a replay finds it. No newline. */
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

/** The whole message of an edit's commit, trailers last; hostile newlines in a subject cannot forge one. */
export function commitMessage(edit: ManifestEdit): string {
  const line = (text: string): string => text.replace(/[\r\n\0]+/g, ' ').trim();
  const trailers = [...edit.trailers, [changeTrailer, edit.id] as const].map(
    ([key, value]) => `${key}: ${line(value)}`,
  );
  const body = edit.body === undefined ? [] : [edit.body.trim(), ''];
  return `${[line(edit.subject), '', ...body, ...trailers].join('\n')}\n`;
}
