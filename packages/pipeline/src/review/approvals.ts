import {
  type Account,
  type ApprovalDecision,
  type CommitId,
  decideApproval,
  type PolicyChange,
  type PullRequest,
  type Review,
  standingReviews,
} from '@slipway/domain';
import type { GitRepository, RecordReader } from '@slipway/ports';
import { readPolicyChanges } from './read-policy-changes.ts';

/** What approving one pull request asks for. */
export interface ApprovalRule {
  readonly neededRole: 'reviewer' | 'approver';
  readonly requiredApprovals: number;
  readonly promoter?: string;
  /** Authors and co-authors of every commit that goes in. */
  readonly commitEmails: readonly string[];
  /** What it takes from the gates of its target: another role approves that. Empty for most. */
  readonly policyChanges: readonly PolicyChange[];
}

/** The rule of a pull request: of its repository, or of the environment that its promotion goes to. */
export async function approvalRule(
  reader: RecordReader,
  repository: GitRepository,
  pullRequest: Pick<PullRequest, 'repository' | 'head' | 'base' | 'promotion'>,
): Promise<ApprovalRule> {
  const emails = await commitEmails(repository, pullRequest);
  if (pullRequest.promotion === undefined) {
    const record = (await reader.get('repository', pullRequest.repository))?.value;
    return {
      neededRole: 'reviewer',
      requiredApprovals: record?.protection.requiredApprovals ?? 1,
      commitEmails: emails,
      policyChanges: record?.role === 'code' ? await readPolicyChanges(repository, pullRequest) : [],
    };
  }
  const promotion = (await reader.get('promotion', pullRequest.promotion))?.value;
  const desired =
    promotion === undefined
      ? undefined
      : (await reader.get('desiredState', `${promotion.application}/${promotion.environment}`))?.value;
  const release = promotion === undefined ? undefined : (await reader.get('release', promotion.release))?.value;
  const before =
    desired?.authorised === undefined ? undefined : (await reader.get('release', desired.authorised.release))?.value;
  const fresh = (release?.changes ?? []).filter((change) => before?.changes.includes(change) !== true);
  const changes = await Promise.all(fresh.map((change) => reader.get('change', change)));
  return {
    neededRole: 'approver',
    requiredApprovals: Math.max(1, desired?.definition.approvals ?? 1),
    ...(promotion === undefined ? {} : { promoter: promotion.requestedBy }),
    commitEmails: [
      ...emails,
      ...changes.flatMap((change) => (change === undefined ? [] : [change.value.author.email])),
    ],
    policyChanges: [],
  };
}

/** What an approval by an account comes to, for one head. */
export interface AccountApproval {
  /** Whether it counts as the review that the rule asks for. */
  readonly decision: ApprovalDecision;
  /** Whether it approves the change of policy, where there is one: by the role `approver` or `admin`, whatever the rule asks for. */
  readonly approvesPolicy: boolean;
}

/** Judges an approval by an account, given for a head, by what is true now. */
export function judgeApproval(
  rule: ApprovalRule,
  pullRequest: PullRequest,
  approval: { readonly approver: Account; readonly head: CommitId },
): AccountApproval {
  const facts = {
    approver: approval.approver,
    approvedHead: approval.head,
    head: pullRequest.head,
    author: pullRequest.author,
    ...(rule.promoter === undefined ? {} : { promoter: rule.promoter }),
    pushers: pullRequest.pushers,
    commitEmails: rule.commitEmails,
  };
  const hasPolicy = rule.policyChanges.length > 0;
  return {
    decision: decideApproval({ ...facts, neededRole: rule.neededRole }),
    approvesPolicy: hasPolicy && decideApproval({ ...facts, neededRole: 'approver' }).kind === 'counts',
  };
}

async function commitEmails(
  repository: GitRepository,
  pullRequest: Pick<PullRequest, 'head' | 'base'>,
): Promise<readonly string[]> {
  const commits = await repository.log(pullRequest.head, { since: pullRequest.base, limit: 10_000 });
  return commits.flatMap((commit) => [
    commit.author.email,
    ...commit.trailers.flatMap(([key, value]) => coAuthor(key, value)),
  ]);
}

function coAuthor(key: string, value: string): readonly string[] {
  const email = /<([^<>]+)>\s*$/.exec(value)?.[1];
  return key.toLowerCase() === 'co-authored-by' && email !== undefined ? [email] : [];
}

/** A review with the verdict on it: whether it counts for the head as it is now. */
export interface JudgedReview extends AccountApproval {
  readonly review: Review;
}

/** Every review of a pull request, judged by what is true now: an approver who lost the right no longer counts. */
export async function judgeReviews(
  reader: RecordReader,
  rule: ApprovalRule,
  pullRequest: PullRequest,
): Promise<readonly JudgedReview[]> {
  const reviews = (await reader.list('review', { match: { pullRequest: pullRequest.id } })).map(
    (stored) => stored.value,
  );
  const standing = new Set(standingReviews(reviews, pullRequest.head).map((review) => review.id));
  return Promise.all(
    reviews.map(async (review) => ({
      review,
      ...(await judge(reader, rule, { pullRequest, review, isStanding: standing.has(review.id) })),
    })),
  );
}

async function judge(
  reader: RecordReader,
  rule: ApprovalRule,
  facts: { readonly pullRequest: PullRequest; readonly review: Review; readonly isStanding: boolean },
): Promise<AccountApproval> {
  const { pullRequest, review } = facts;
  const refuse = (reason: string, message: string): AccountApproval => ({
    decision: { kind: 'refused', reason, message },
    approvesPolicy: false,
  });
  if (review.verdict !== 'approved') return refuse('NoApproval', 'It does not approve.');
  const approver = (await reader.get('account', review.account))?.value;
  if (approver === undefined) return refuse('AccountUnknown', `${review.account} is no account.`);
  const judged = judgeApproval(rule, pullRequest, { approver, head: review.head });
  if ((judged.decision.kind === 'counts' || judged.approvesPolicy) && !facts.isStanding)
    return refuse('Replaced', 'A later review of the same account replaces it.');
  return judged;
}

/** Accounts whose approval counts, each once. */
export function countingApprovals(judged: readonly JudgedReview[]): readonly string[] {
  return [...new Set(judged.filter((one) => one.decision.kind === 'counts').map((one) => one.review.account))];
}

/** Accounts whose approval counts for a change of policy, each once. */
export function policyApprovals(judged: readonly JudgedReview[]): readonly string[] {
  return [...new Set(judged.filter((one) => one.approvesPolicy).map((one) => one.review.account))];
}
