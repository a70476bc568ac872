import type { Account, CommitId, PullRequest, Signature } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { reconcileRefs } from '../change/reconcile-refs.ts';
import { readMergeState } from './read-merge-state.ts';
import { ReviewError } from './review-error.ts';
import type { ReviewServices } from './review-services.ts';

/**
 * Merges a pull request: the tree that was checked, as one merge commit, if the target still stands where it was checked against.
 *
 * @throws {@link ReviewError} `PULL_REQUEST_UNKNOWN`, `MERGE_REFUSED` with every rule that is not met.
 */
export async function mergePullRequest(services: ReviewServices, account: Account, id: string): Promise<PullRequest> {
  const pullRequest = (await services.store.get('pullRequest', id))?.value;
  if (pullRequest === undefined) throw new ReviewError('PULL_REQUEST_UNKNOWN', `There is no pull request ${id}`);
  const repository = await services.openRepository(pullRequest.repository);
  const { decision } = await readMergeState(services.store, repository, pullRequest, services.now());
  const { mergeCommit } = pullRequest;
  if (decision.kind === 'refused' || mergeCommit === undefined) {
    throw new ReviewError(
      'MERGE_REFUSED',
      decision.kind === 'refused' ? decision.unmet.map((one) => one.message).join(' ') : `${id} has no merge result`,
    );
  }
  const commit = await mergeCommitOf(services, repository, { account, pullRequest, mergeCommit });
  // The intent first: a crash after the ref has moved finds by it that this was our merge.
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('pullRequest', id))?.value;
    const isAsRead = known?.head === pullRequest.head && known.mergedCommit === pullRequest.mergedCommit;
    if (known?.state !== 'open' || !isAsRead) throw new ReviewError('MERGE_REFUSED', `${id} has changed meanwhile`);
    if (known.mergedCommit === commit) return;
    await tx.put('pullRequest', id, {
      ...known,
      mergedCommit: commit,
      mergedBy: account.id,
      updatedAt: services.now(),
    });
  });
  await services.checkpoint('merge-intended');
  const isMoved = await repository.updateRef(`refs/heads/${pullRequest.target}`, commit, pullRequest.base);
  if (!isMoved && !(await stands(repository, pullRequest, commit)))
    throw new ReviewError(
      'MERGE_REFUSED',
      `${pullRequest.target} has moved: the merge result is made and checked again`,
    );
  await services.checkpoint('merged');
  await reconcileRefs(services, pullRequest.repository);
  return (await services.store.get('pullRequest', id))?.value ?? pullRequest;
}

/** The commit to merge with; one that was intended before a crash for the same tree on the same parents stays the one. */
async function mergeCommitOf(
  services: ReviewServices,
  repository: GitRepository,
  facts: { readonly account: Account; readonly pullRequest: PullRequest; readonly mergeCommit: CommitId },
): Promise<CommitId> {
  const { account, pullRequest } = facts;
  const checked = await repository.readCommit(facts.mergeCommit);
  const { mergedCommit } = pullRequest;
  const isKept = mergedCommit !== undefined && (await repository.resolve(mergedCommit)) !== undefined;
  const intended = isKept ? await repository.readCommit(mergedCommit) : undefined;
  if (intended?.tree === checked.tree && intended.parents.join() === checked.parents.join()) return intended.id;
  return repository.commitTree({
    tree: checked.tree,
    parents: checked.parents,
    author: signatureOf(account),
    committer: services.committer,
    message: mergeMessage(pullRequest),
    at: services.now(),
  });
}

/** Whether somebody else who carried out the same intent was faster. */
async function stands(repository: GitRepository, pullRequest: PullRequest, commit: CommitId): Promise<boolean> {
  const head = await repository.readRef(`refs/heads/${pullRequest.target}`);
  return head !== undefined && repository.isAncestor(commit, head);
}

function signatureOf(account: Account): Signature {
  return { name: account.displayName, email: account.verifiedEmails[0] ?? `${account.id}@localhost` };
}

function mergeMessage(pullRequest: PullRequest): string {
  const title = pullRequest.title.replace(/[\r\n\0]+/g, ' ');
  return `Merge pull request ${pullRequest.id}: ${title}\n\nSlipway-Pull-Request: ${pullRequest.id}\n`;
}
