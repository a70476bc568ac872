import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';
import type { Name } from '../identity/names.ts';
import type { DeliveryPhase } from '../phases.ts';

/** The same release to the next environment, by commit. Its id is `application/environment/release` and `#n` when repeated. */
export interface Promotion {
  readonly id: string;
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
  readonly finishedAt?: string;
}
