import type { CommitId } from '../identity/commit-id.ts';
import type { Name } from '../identity/names.ts';

/** Which files of an app-config repository an environment runs with. */
export interface AppConfigPin {
  readonly repository: Name;
  readonly commit: CommitId;
  /** Git id of the application's folder at that commit: names the content, so that going back to it is the same release. */
  readonly tree: CommitId;
}
