import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';
import type { Name } from '../identity/names.ts';

/** How a release ticket ended. `rejected`: nobody let it in; `superseded`: its environment moved on first. */
export const ticketOutcomes = ['succeeded', 'failed', 'errored', 'aborted', 'rejected', 'superseded'] as const;
export type TicketOutcome = (typeof ticketOutcomes)[number];

/** A commit that a release brings into an environment, as people look for it. */
export interface TicketCommit {
  readonly repository: string;
  readonly commit: CommitId;
  readonly subject: string;
  readonly author: string;
}

/** The record of a promotion to a protected environment: what, why, by whom, back to what. Its id is the promotion's. */
export interface ReleaseTicket {
  readonly id: string;
  /** Counts from 1 for each application: what people say. */
  readonly number: number;
  readonly application: Name;
  readonly environment: Name;
  readonly kind: 'promotion' | 'rollback';
  readonly title: string;
  readonly release: Digest;
  /** Release that ran there when it was opened; absent for the first. */
  readonly fromRelease?: Digest;
  readonly openedBy: string;
  readonly openedAt: string;
  readonly reason?: string;
  /** Commits of code repositories since {@link ReleaseTicket.fromRelease}, newest first; a rollback takes them back. */
  readonly commits: readonly TicketCommit[];
  /** Rendered diff, in the content store; absent when nothing differs. */
  readonly manifestDiff?: Digest;
  /** The part of it that is configuration (ConfigMaps); absent when none differs. */
  readonly configDiff?: Digest;
  readonly pullRequest?: number;
  readonly approvals: readonly string[];
  /** What to go back to, and the command for it; absent while nothing else has run healthy there. */
  readonly rollbackTo?: { readonly deployment: string; readonly release: Digest; readonly command: string };
  readonly deployment?: string;
  readonly outcome?: TicketOutcome;
  readonly message: string;
  readonly closedAt?: string;
}
