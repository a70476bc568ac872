import type { CommitId, Name } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';

/** What a client asks of one ref. `before` absent creates it, `after` absent deletes it. */
export interface RefUpdate {
  readonly ref: string;
  readonly before?: CommitId;
  readonly after?: CommitId;
}

/** A push that is received but not taken in. */
export interface ReceivedPush {
  readonly repository: Name;
  /** Id of the account that pushes. */
  readonly account: string;
  readonly updates: readonly RefUpdate[];
  /** The repository with the objects of this push in it; it moves no ref and is not to be kept. */
  readonly reader: GitRepository;
  readonly pushOptions: readonly string[];
}

/** A push is taken in whole or not at all. */
export type ReceiveDecision =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'refused';
      readonly refs: readonly { readonly ref: string; readonly reason: string }[];
      /** For the person at the other terminal. */
      readonly message: string;
    };

/** What a push really moved, seen in the repository after Git had ended. */
export interface LandedPush {
  readonly repository: Name;
  readonly account: string;
  readonly updates: readonly RefUpdate[];
  readonly pushOptions: readonly string[];
}
