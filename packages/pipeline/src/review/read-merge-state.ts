import {
  type CheckFacts,
  decideMerge,
  entryGates,
  type MergeDecision,
  type PolicyChange,
  type PullRequest,
  type UnmetGate,
} from '@slipway/domain';
import { type GitRepository, readEntryFacts, type RecordReader } from '@slipway/ports';
import { approvalRule, countingApprovals, judgeReviews, type JudgedReview, policyApprovals } from './approvals.ts';

/** Everything known of a pull request's way in. */
export interface MergeState {
  readonly decision: MergeDecision;
  readonly reviews: readonly JudgedReview[];
  readonly checks: readonly CheckFacts[];
  readonly requiredChecks: readonly string[];
  readonly policyChanges: readonly PolicyChange[];
}

/** Reads whether a pull request may be merged now, and every rule that is not met. */
export async function readMergeState(
  reader: RecordReader,
  repository: GitRepository,
  pullRequest: PullRequest,
  now: string,
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
    policyChanges: rule.policyChanges,
    policyApprovals: policyApprovals(reviews),
    objections: objections.map((one) => one.review),
    targetHead: (await repository.readRef(`refs/heads/${pullRequest.target}`)) ?? 'gone',
    entryGates: await gatesOf(reader, pullRequest, now),
  });
  return { decision, reviews, checks, requiredChecks, policyChanges: rule.policyChanges };
}

/** Holds and windows of the environment that the request promotes to; a rollback passes them. */
async function gatesOf(reader: RecordReader, pullRequest: PullRequest, now: string): Promise<readonly UnmetGate[]> {
  if (pullRequest.promotion === undefined) return [];
  const promotion = (await reader.get('promotion', pullRequest.promotion))?.value;
  if (promotion === undefined || promotion.kind === 'rollback') return [];
  const desired = (await reader.get('desiredState', `${promotion.application}/${promotion.environment}`))?.value;
  if (desired === undefined) return [];
  return entryGates({ environment: desired.definition, ...(await readEntryFacts(reader, desired, now)) });
}

function isNewest(one: JudgedReview, all: readonly JudgedReview[]): boolean {
  const own = all.filter(
    (other) => other.review.account === one.review.account && other.review.verdict !== 'commented',
  );
  return own.at(-1)?.review.id === one.review.id;
}
