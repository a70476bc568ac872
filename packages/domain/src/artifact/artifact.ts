import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';

/** An image known by its digest. Its id is `name@digest`. */
export interface Artifact {
  readonly id: string;
  /** Repository path in the registry, such as `guestbook/web`. */
  readonly name: string;
  readonly digest: Digest;
  readonly platform: string;
  /** Run that built it first. */
  readonly run: string;
  readonly change: string;
  /** Tags pushed for it: full Git hashes. */
  readonly tags: readonly CommitId[];
  readonly createdAt: string;
}
