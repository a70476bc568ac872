import { shortCommit, type Branch, type CommitId, type Signature } from '@slipway/domain';
import type { Cancellable, GitRepository } from '@slipway/ports';

/** The account that merge results are made by; fixed, so that equal inputs give equal commits everywhere. */
const merger: Signature = { name: 'Slipway', email: 'slipway@localhost' };

/** The refs that a pull request has in its repository; only the server writes them. */
export function pullRequestRefs(number: number): { readonly head: string; readonly merge: string } {
  return { head: `refs/pull/${number}/head`, merge: `refs/pull/${number}/merge` };
}

export type MergePlan =
  | { readonly kind: 'clean'; readonly commit: CommitId; readonly tree: CommitId }
  | { readonly kind: 'conflict'; readonly paths: readonly string[] }
  /** Somebody moved the pull request's refs meanwhile: read the heads again. */
  | { readonly kind: 'stale' };

/**
 * Makes what a pull request would give if it were merged now, and points its refs there.
 *
 * The same base and head always give the same commit: dates come from them, not from a clock. On a conflict there is no merge ref.
 */
export async function planMergeResult(
  repository: GitRepository,
  pull: { readonly number: number; readonly base: CommitId; readonly head: CommitId },
  options: Cancellable = {},
): Promise<MergePlan> {
  const refs = pullRequestRefs(pull.number);
  const [oldHead, oldMerge] = await Promise.all([
    repository.readRef(refs.head, options),
    repository.readRef(refs.merge, options),
  ]);
  const merged = await repository.merge(pull.base, pull.head, options);
  const commit =
    merged.kind === 'clean' ? await commitResult(repository, { ...pull, tree: merged.tree }, options) : undefined;
  const isHeadSet = oldHead === pull.head || (await repository.updateRef(refs.head, pull.head, oldHead, options));
  const isMergeSet =
    isHeadSet && (oldMerge === commit || (await repository.updateRef(refs.merge, commit, oldMerge, options)));
  if (!isMergeSet) return { kind: 'stale' };
  if (merged.kind === 'conflict') return merged;
  return commit === undefined ? { kind: 'stale' } : { kind: 'clean', commit, tree: merged.tree };
}

async function commitResult(
  repository: GitRepository,
  result: { readonly base: CommitId; readonly head: CommitId; readonly tree: CommitId },
  options: Cancellable,
): Promise<CommitId> {
  const { base, head, tree } = result;
  const commits = await Promise.all([repository.readCommit(base, options), repository.readCommit(head, options)]);
  const at =
    commits
      .map((commit) => commit.committer.at)
      .toSorted()
      .at(-1) ?? '1970-01-01T00:00:00Z';
  const message = `Merge ${shortCommit(head)} into ${shortCommit(base)}\n`;
  return repository.commitTree(
    { tree, parents: [base, head], author: merger, committer: merger, message, at },
    options,
  );
}

export interface PullRequestMerge {
  readonly target: Branch;
  /** Where the target was when the merge was decided; it must still be there. */
  readonly base: CommitId;
  readonly head: CommitId;
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
  /** ISO 8601; of the decision, so that a replay makes the same commit. */
  readonly at: string;
}

export type MergeOutcome =
  | { readonly kind: 'moved'; readonly commit: CommitId }
  | { readonly kind: 'stale'; readonly current: CommitId | undefined }
  | { readonly kind: 'conflict'; readonly paths: readonly string[] };

/** Merges a pull request by a merge commit on its target. Repeated after a crash it finds its own commit and says `moved` again. */
export async function mergePullRequest(
  repository: GitRepository,
  merge: PullRequestMerge,
  options: Cancellable = {},
): Promise<MergeOutcome> {
  const { base, head, author, committer, message, at } = merge;
  const ref = `refs/heads/${merge.target}`;
  const merged = await repository.merge(base, head, options);
  if (merged.kind === 'conflict') return merged;
  const commit = await repository.commitTree(
    { tree: merged.tree, parents: [base, head], author, committer, message, at },
    options,
  );
  if (await repository.updateRef(ref, commit, base, options)) return { kind: 'moved', commit };
  const current = await repository.readRef(ref, options);
  const isDone = current !== undefined && (await repository.isAncestor(commit, current, options));
  return isDone ? { kind: 'moved', commit } : { kind: 'stale', current };
}
