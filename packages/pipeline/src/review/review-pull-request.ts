import {
  type Account,
  type CommitId,
  type EvidenceStatement,
  type PolicyChange,
  type PullRequest,
  type Review,
  statementIds,
} from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { approvalRule, type ApprovalRule, judgeApproval } from './approvals.ts';
import { ReviewError } from './review-error.ts';
import type { ReviewServices } from './review-services.ts';

export interface Reviewing {
  readonly pullRequest: string;
  readonly verdict: Review['verdict'];
  readonly body: string;
  /** Head that the reviewer looked at. */
  readonly head: CommitId;
}

/**
 * Records a person's review, bound to the head that was looked at. A refused approval is recorded too.
 *
 * @throws {@link ReviewError} `PULL_REQUEST_UNKNOWN`, `REVIEW_HEAD_MOVED`, `REVIEW_REFUSED` with the rule that refuses it.
 */
export async function reviewPullRequest(
  services: ReviewServices,
  account: Account,
  reviewing: Reviewing,
): Promise<Review> {
  const pullRequest = (await services.store.get('pullRequest', reviewing.pullRequest))?.value;
  if (pullRequest?.state !== 'open')
    throw new ReviewError('PULL_REQUEST_UNKNOWN', `There is no open pull request ${reviewing.pullRequest}`);
  const repository = await services.openRepository(pullRequest.repository);
  const rule = await approvalRule(services.store, repository, pullRequest);
  const outcome = await services.store.transact((tx) => decideAndRecord(tx, services, { account, reviewing, rule }));
  if (outcome.kind === 'refused')
    throw new ReviewError(outcome.code, outcome.message, { facts: { reason: outcome.reason } });
  await services.checkpoint('review-recorded');
  return outcome.review;
}

type Outcome =
  | { readonly kind: 'recorded'; readonly review: Review }
  | {
      readonly kind: 'refused';
      readonly code: 'REVIEW_REFUSED' | 'REVIEW_HEAD_MOVED';
      readonly reason: string;
      readonly message: string;
    };

interface Facts {
  readonly account: Account;
  readonly reviewing: Reviewing;
  readonly rule: ApprovalRule;
}

async function decideAndRecord(tx: StoreTransaction, services: ReviewServices, facts: Facts): Promise<Outcome> {
  const { account, reviewing, rule } = facts;
  const pullRequest = (await tx.lock('pullRequest', reviewing.pullRequest))?.value;
  if (pullRequest === undefined || pullRequest.head !== reviewing.head) {
    return {
      kind: 'refused',
      code: 'REVIEW_HEAD_MOVED',
      reason: 'HeadMoved',
      message: `The head of ${reviewing.pullRequest} is ${pullRequest?.head ?? 'gone'} now`,
    };
  }
  const now = services.now();
  const { decision, approvesPolicy } =
    reviewing.verdict === 'approved'
      ? judgeApproval(rule, pullRequest, { approver: account, head: reviewing.head })
      : ({ decision: { kind: 'counts' }, approvesPolicy: false } as const);
  if (decision.kind === 'refused' && !approvesPolicy) {
    await recordRefusal(tx, { pullRequest, account, reason: decision.reason, now });
    return {
      kind: 'refused',
      code: 'REVIEW_REFUSED',
      reason: decision.reason,
      message: decision.message.replace(/\.$/, ''),
    };
  }
  const review: Review = {
    id: `${pullRequest.id}/${account.id}/${reviewing.head.slice(0, 12)}/${Date.parse(now)}`,
    pullRequest: pullRequest.id,
    account: account.id,
    head: reviewing.head,
    verdict: reviewing.verdict,
    body: reviewing.body,
    createdAt: now,
  };
  await tx.put('review', review.id, review);
  await tx.record(reviewStatement(pullRequest, review, approvesPolicy ? rule.policyChanges : []));
  return { kind: 'recorded', review };
}

/** @param policy - changes of policy that the review approves. */
function reviewStatement(pullRequest: PullRequest, review: Review, policy: readonly PolicyChange[]): EvidenceStatement {
  return {
    id: statementIds.review(review.id),
    kind: 'review',
    subjects: [{ name: `git:${pullRequest.repository}`, digest: { gitCommit: review.head } }],
    predicate: {
      repository: pullRequest.repository,
      pullRequest: pullRequest.number,
      account: review.account,
      verdict: review.verdict,
      head: review.head,
      author: pullRequest.author,
      pushers: pullRequest.pushers,
      ...(pullRequest.promotion === undefined ? {} : { promotion: pullRequest.promotion }),
      ...(policy.length === 0 ? {} : { policyChanges: policy.map((change) => change.message) }),
    },
    links: [],
  };
}

async function recordRefusal(
  tx: StoreTransaction,
  facts: {
    readonly pullRequest: PullRequest;
    readonly account: Account;
    readonly reason: string;
    readonly now: string;
  },
): Promise<void> {
  const { pullRequest, account, reason } = facts;
  await tx.record({
    id: statementIds.refusal(
      `${pullRequest.id}/${account.id}/${pullRequest.head.slice(0, 12)}/${Date.parse(facts.now)}`,
    ),
    kind: 'refusal',
    subjects: [{ name: `git:${pullRequest.repository}`, digest: { gitCommit: pullRequest.head } }],
    predicate: {
      repository: pullRequest.repository,
      pullRequest: pullRequest.number,
      account: account.id,
      what: 'approval',
      reason,
    },
    links: [],
  });
}
