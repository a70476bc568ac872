import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';
import type { Name } from '../identity/names.ts';
import type { DeliveryPhase } from '../phases.ts';
import type { BreakGlass, Rollback } from '../rollback/rollback.ts';

/** The same release to the next environment, by commit. Its id is `application/environment/release` and `#n` when repeated. */
export interface Promotion {
  readonly id: string;
  /** A rollback goes back to what ran healthy there; gates that keep new things out do not hold it. */
  readonly kind: 'promotion' | 'rollback';
  readonly application: Name;
  readonly environment: Name;
  readonly from?: Name;
  readonly release: Digest;
  /** Config revision that was authorised there when it was asked for: what a reviewer compares with. */
  readonly fromRevision?: CommitId;
  readonly phase: DeliveryPhase;
  /** `policy` for automation. */
  readonly requestedBy: string;
  readonly reason?: string;
  readonly message: string;
  /** Pull request in the config repository, for protected environments. */
  readonly pullRequest?: number;
  readonly commit?: CommitId;
  readonly renderDigest?: Digest;
  /** Accounts whose approvals counted when it was let in. */
  readonly approvals: readonly string[];
  readonly requestedAt: string;
  /** Set with kind `rollback`. */
  readonly rollback?: Rollback;
  /** Set when it went in before anybody approved it. */
  readonly breakGlass?: BreakGlass;
  readonly finishedAt?: string;
}
