import type { AppConfigPin } from '../app-config/app-config-pin.ts';
import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';
import type { Branch, Name } from '../identity/names.ts';

/** One image pinned: what a writer puts into a kustomization. */
export interface ImagePin {
  /** Name as it stands in the manifests (`images[].name`). */
  readonly name: string;
  /** Where it is pulled from, when it differs from `name`. */
  readonly newName?: string;
  /** For people: the full Git hash. */
  readonly newTag: string;
  /** What binds. */
  readonly digest: Digest;
}

/** A commit that pins digests, or app config, in the config repository. Its id is the change id it carries as trailer. */
export interface ManifestCommit {
  readonly id: string;
  readonly repository: Name;
  readonly branch: Branch;
  /** Absent while waiting in the queue. */
  readonly commit?: CommitId;
  /** False when everything was pinned already: no commit was needed. */
  readonly isChange?: boolean;
  readonly paths: readonly string[];
  readonly pins: readonly ImagePin[];
  /** What it pins in place of images, where it pins app config. */
  readonly appConfig?: AppConfigPin;
  readonly requestedAt: string;
  readonly landedAt?: string;
  /** Change of the code repository behind it. */
  readonly change?: string;
}
