import type { CommitId } from '../identity/commit-id.ts';
import type { Branch, Name } from '../identity/names.ts';

/** A person or machine named in Git metadata. Never an identity for approval: see {@link Account}. */
export interface Signature {
  readonly name: string;
  readonly email: string;
}

/** The commit that starts a chain. Its id is `repository@commit`. */
export interface Change {
  readonly id: string;
  readonly repository: Name;
  readonly commit: CommitId;
  /** Git tree of the commit: equal trees are equal content. */
  readonly tree: CommitId;
  readonly branch: Branch;
  readonly subject: string;
  readonly author: Signature;
  /** Account that pushed or merged it. */
  readonly pusher: string;
  /** Pull request that brought it, where there is one. */
  readonly pullRequest?: number;
  readonly createdAt: string;
}

/** @see {@link Change.id} */
export function changeId(repository: string, commit: CommitId): string {
  return `${repository}@${commit}`;
}
