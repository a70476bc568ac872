import {
  type Account,
  type CheckFacts,
  decideMerge,
  type MergeDecision,
  type PullRequest,
  type Signature,
} from '@slipway/domain';
import type { GitRepository, RecordReader } from '@slipway/ports';
import { reconcileRefs } from '../change/reconcile-refs.ts';
import { approvalRule, countingApprovals, judgeReviews, type JudgedReview } from './approvals.ts';
import { ReviewError } from './review-error.ts';
import type { ReviewServices } from './review-services.ts';

/** Everything known of a pull request's way in. */
export interface MergeState {
  readonly decision: MergeDecision;
  readonly reviews: readonly JudgedReview[];
  readonly checks: readonly CheckFacts[];
  readonly requiredChecks: readonly string[];
}

/** Reads whether a pull request may be merged now, and every rule that is not met. */
export async function readMergeState(
  reader: RecordReader,
  repository: GitRepository,
  pullRequest: PullRequest,
): Promise<MergeState> {
  const record = (await reader.get('repository', pullRequest.repository))?.value;
  const rule = await approvalRule(reader, repository, pullRequest);
  const reviews = await judgeReviews(reader, rule, pullRequest);
  const match = { repository: pullRequest.repository, commit: pullRequest.mergeCommit ?? 'none' };
  const runs = await reader.list('pipelineRun', { match });
  const checks = runs.map(({ value }) => ({
    pipeline: value.pipeline,
    phase: value.phase,
    ...(value.conclusion === undefined ? {} : { conclusion: value.conclusion }),
  }));
  const requiredChecks = record?.protection.requiredChecks ?? [];
  const objections = reviews.filter(
    (one) =>
      one.review.verdict === 'changes-requested' && one.review.head === pullRequest.head && isNewest(one, reviews),
  );
  const decision = decideMerge({
    pullRequest,
    protection: {
      requiresPullRequest: record?.protection.requiresPullRequest ?? true,
      requiredApprovals: rule.requiredApprovals,
      requiredChecks,
    },
    checks,
    approvals: countingApprovals(reviews),
    objections: objections.map((one) => one.review),
    targetHead: (await repository.readRef(`refs/heads/${pullRequest.target}`)) ?? 'gone',
  });
  return { decision, reviews, checks, requiredChecks };
}

function isNewest(one: JudgedReview, all: readonly JudgedReview[]): boolean {
  const own = all.filter(
    (other) => other.review.account === one.review.account && other.review.verdict !== 'commented',
  );
  return own.at(-1)?.review.id === one.review.id;
}

/**
 * Merges a pull request: the tree that was checked, as one merge commit, if the target still stands where it was checked against.
 *
 * @throws {@link ReviewError} `PULL_REQUEST_UNKNOWN`, `MERGE_REFUSED` with every rule that is not met.
 */
export async function mergePullRequest(services: ReviewServices, account: Account, id: string): Promise<PullRequest> {
  const pullRequest = (await services.store.get('pullRequest', id))?.value;
  if (pullRequest === undefined) throw new ReviewError('PULL_REQUEST_UNKNOWN', `There is no pull request ${id}`);
  const repository = await services.openRepository(pullRequest.repository);
  const { decision } = await readMergeState(services.store, repository, pullRequest);
  const { mergeCommit } = pullRequest;
  if (decision.kind === 'refused' || mergeCommit === undefined) {
    throw new ReviewError(
      'MERGE_REFUSED',
      decision.kind === 'refused' ? decision.unmet.map((one) => one.message).join(' ') : `${id} has no merge result`,
    );
  }
  const checked = await repository.readCommit(mergeCommit);
  const at = services.now();
  const commit = await repository.commitTree({
    tree: checked.tree,
    parents: checked.parents,
    author: signatureOf(account),
    committer: services.committer,
    message: mergeMessage(pullRequest),
    at,
  });
  // The intent first: a crash after the ref has moved finds by it that this was our merge.
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('pullRequest', id))?.value;
    if (known?.state !== 'open' || known.head !== pullRequest.head)
      throw new ReviewError('MERGE_REFUSED', `${id} has changed meanwhile`);
    await tx.put('pullRequest', id, { ...known, mergedCommit: commit, mergedBy: account.id, updatedAt: at });
  });
  await services.checkpoint('merge-intended');
  const isMoved = await repository.updateRef(`refs/heads/${pullRequest.target}`, commit, pullRequest.base);
  if (!isMoved)
    throw new ReviewError(
      'MERGE_REFUSED',
      `${pullRequest.target} has moved: the merge result is made and checked again`,
    );
  await services.checkpoint('merged');
  await reconcileRefs(services, pullRequest.repository);
  return (await services.store.get('pullRequest', id))?.value ?? pullRequest;
}

function signatureOf(account: Account): Signature {
  return { name: account.displayName, email: account.verifiedEmails[0] ?? `${account.id}@localhost` };
}

function mergeMessage(pullRequest: PullRequest): string {
  const title = pullRequest.title.replace(/[\r\n\0]+/g, ' ');
  return `Merge pull request ${pullRequest.id}: ${title}\n\nSlipway-Pull-Request: ${pullRequest.id}\n`;
}
