import type { CommitId } from '../identity/commit-id.ts';

/** What a rollback takes back: the manifests (images and all), the app config, or both. */
export const rollbackParts = ['manifests', 'app-config', 'both'] as const;
export type RollbackPart = (typeof rollbackParts)[number];

/** A rollback is a promotion by commit to something that ran healthy there; this is what it adds to one. */
export interface Rollback {
  readonly part: RollbackPart;
  /** `abort`: automation opened it after a canary was aborted; it never merges by itself. */
  readonly cause: 'person' | 'abort';
  /** Deployment that ran healthy here and is gone back to. */
  readonly toDeployment: string;
  /** Config revision of that deployment. */
  readonly toRevision: CommitId;
  /** Commits whose part in the environment's folder is taken back, newest first. */
  readonly reverts: readonly CommitId[];
  /** How the edit was made: by reverting, or by pinning because the files had changed since. */
  readonly method: 'revert' | 'pin';
  /** Pull request in the app-config repository that comes first, where app config is rolled back too. */
  readonly appConfig?: { readonly repository: string; readonly pullRequest: number };
}

/** A promotion past its approvals: possible, loud, and reviewed afterwards. */
export interface BreakGlass {
  readonly by: string;
  readonly at: string;
  /** A second person reviews it until then, ISO 8601. */
  readonly reviewUntil: string;
  readonly reviewedBy?: string;
  readonly reviewedAt?: string;
}
