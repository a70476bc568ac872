import type { Branch, CommitId, ImagePin, Name, Signature } from '@slipway/domain';
import type { Cancellable } from './git.ts';

/** Pin images in environments of a config repository: one commit. */
export interface ManifestUpdateRequest {
  /** Exactly once: a second request with the same id finds the first one's trailer and returns its commit. */
  readonly id: string;
  readonly repository: Name;
  readonly branch: Branch;
  readonly environments: readonly Name[];
  readonly pins: readonly ImagePin[];
  readonly author: Signature;
  readonly subject: string;
  /** Written as trailers, in order. */
  readonly trailers: readonly (readonly [string, string])[];
}

export interface ManifestUpdateResult {
  /** Head that holds the pins: the new commit, or the one that had them already. */
  readonly commit: CommitId;
  /** False when everything was pinned already and no commit was needed. */
  readonly isChange: boolean;
  readonly paths: readonly string[];
}

/** What a pipeline needs of the config-repo writer. */
export interface ManifestUpdates {
  update(request: ManifestUpdateRequest, options?: Cancellable): Promise<ManifestUpdateResult>;
}
