import { type PullRequest, standingReviews } from '@slipway/domain';
import { notify, type StoreTransaction } from '@slipway/ports';
import type { ApprovalRule } from './approvals.ts';

/** Tells everybody whose approval of a new pull request would count that it waits for one; in the caller's transaction. */
export async function tellReviewers(tx: StoreTransaction, pullRequest: PullRequest, rule: ApprovalRule): Promise<void> {
  if (rule.requiredApprovals === 0) return;
  const { id, author, head, pushers, createdAt } = pullRequest;
  const { neededRole, promoter, commitEmails } = rule;
  const what = pullRequest.promotion === undefined ? 'review' : 'approval';
  await notify(tx, {
    id: `pull-request/${id}/opened`,
    kind: 'waiting',
    audience: {
      kind: 'approvers',
      rule: {
        approvedHead: head,
        head,
        author,
        pushers,
        commitEmails,
        neededRole,
        ...(promoter === undefined ? {} : { promoter }),
      },
    },
    subject: `Waiting for your ${what}: ${pullRequest.title}`,
    body: [`${id} by ${author}.`, ...(pullRequest.body === '' ? [] : ['', pullRequest.body])].join('\n'),
    ...placeOf(pullRequest),
    createdAt,
  });
}

/** Where a push moved the head: tells those who had approved that it voided their approval, and that the new head waits for them. */
export async function tellVoidedApprovals(
  tx: StoreTransaction,
  before: PullRequest,
  after: PullRequest,
): Promise<void> {
  const { id, head, updatedAt } = after;
  if (head === before.head) return;
  const reviews = (await tx.list('review', { match: { pullRequest: id } })).map(({ value }) => value);
  const approved = standingReviews(reviews, before.head).filter((review) => review.verdict === 'approved');
  if (approved.length === 0) return;
  await notify(tx, {
    id: `pull-request/${id}/${head}`,
    kind: 'waiting',
    audience: { kind: 'accounts', accounts: approved.map((review) => review.account) },
    subject: `Waiting for you again: ${after.title}`,
    body: `A push to ${id} voided your approval: its head is ${head.slice(0, 12)} now.`,
    ...placeOf(after),
    createdAt: updatedAt,
  });
}

function placeOf(pullRequest: PullRequest): { readonly link: string; readonly about: string } {
  const { repository, number, id, promotion } = pullRequest;
  const link = `/pull-requests/${encodeURIComponent(repository)}/${number}`;
  return { link, about: promotion === undefined ? `pull-request/${id}` : `promotion/${promotion}` };
}
