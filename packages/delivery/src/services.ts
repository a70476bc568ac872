import type { Branch, EnvironmentDefinition, ImagePin, Name, Signature } from '@slipway/domain';
import type { ContentStore, GitRepository, LogStore, Renderer, StageExecutor, Store } from '@slipway/ports';
import type { BranchWriter } from './writer/branch-writer.ts';

/** Finds where a Service of an environment answers on this machine; absent when the environment has no such Service. */
export type FindService = (
  environment: EnvironmentDefinition,
  service: { readonly name: string; readonly port: number },
) => Promise<{ readonly host: string; readonly port: number } | undefined>;

/** Opens a pull request in a repository for a branch that was just written; the same branch again is the same request. */
export type OpenPullRequest = (request: {
  readonly repository: Name;
  readonly source: Branch;
  readonly target: Branch;
  readonly title: string;
  readonly body: string;
  /** Account on whose behalf it is opened: it may not approve. */
  readonly author: string;
  /** Promotion that it carries; absent when it only goes before one. */
  readonly promotion?: string;
}) => Promise<{ readonly number: number }>;

/** Everything the use cases of this package reach outside with; composed in the program. */
export interface DeliveryServices {
  readonly store: Store;
  readonly renderer: Renderer;
  readonly executor: StageExecutor;
  readonly content: ContentStore;
  readonly logs: LogStore;
  readonly openRepository: (name: Name) => Promise<GitRepository>;
  /** The queue of a branch; one for each on this replica. */
  readonly writerOf: (repository: Name, branch: Branch) => Promise<BranchWriter>;
  readonly findService: FindService;
  /** Tells whether the registry still has an image; one that cannot be asked is there. */
  readonly hasImage: (image: ImagePin) => Promise<boolean>;
  readonly openPullRequest: OpenPullRequest;
  readonly committer: Signature;
  readonly now: () => string;
  readonly checkpoint: (name: string) => Promise<void>;
}
