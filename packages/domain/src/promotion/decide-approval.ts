import type { CommitId } from '../identity/commit-id.ts';
import type { Account, Review } from '../people/people.ts';

/** Everything that decides whether an approval counts. */
export interface ApprovalFacts {
  readonly approver: Account;
  /** Head the approval was given for, and the head now: a new push voids it. */
  readonly approvedHead: CommitId;
  readonly head: CommitId;
  /** Account that opened the pull request. */
  readonly author: string;
  /** Account that asked for the promotion, where the request carries one. */
  readonly promoter?: string;
  /** Accounts that pushed commits to it. */
  readonly pushers: readonly string[];
  /** Addresses of authors and co-authors of every commit that goes in. Metadata: it may exclude, never qualify. */
  readonly commitEmails: readonly string[];
  /** Role that the approver must hold now, not only when approving. */
  readonly neededRole: 'reviewer' | 'approver';
}

export type ApprovalDecision =
  | { readonly kind: 'counts' }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string };

/**
 * The two-person rule, by account.
 *
 * @see CVE-2026-58370: an allow-list that matched the author's name in commit metadata could be forged; accounts count here.
 */
export function decideApproval(facts: ApprovalFacts): ApprovalDecision {
  const { approver } = facts;
  const refuse = (reason: string, message: string): ApprovalDecision => ({ kind: 'refused', reason, message });
  if (approver.isDisabled) return refuse('AccountDisabled', `${approver.id} is disabled.`);
  if (approver.kind !== 'person')
    return refuse('NotAPerson', `${approver.id} is a service account; a person approves.`);
  if (!approver.roles.includes(facts.neededRole) && !approver.roles.includes('admin')) {
    return refuse('RoleMissing', `${approver.id} does not hold the role ${facts.neededRole}.`);
  }
  if (approver.id === facts.promoter)
    return refuse('OwnPromotion', `${approver.id} asked for this promotion; another person approves it.`);
  if (approver.id === facts.author)
    return refuse('OwnPullRequest', `${approver.id} opened this pull request; another person approves it.`);
  if (facts.pushers.includes(approver.id))
    return refuse('OwnCommits', `${approver.id} pushed commits of it; another person approves it.`);
  const emails = new Set(facts.commitEmails.map((email) => email.toLowerCase()));
  if (approver.verifiedEmails.some((email) => emails.has(email.toLowerCase()))) {
    return refuse('OwnChange', `${approver.id} is an author of a commit in it; another person approves it.`);
  }
  if (facts.approvedHead !== facts.head) return refuse('HeadMoved', 'The approval was given for an earlier head.');
  return { kind: 'counts' };
}

/** The newest verdict of each account for the head as it is; comments do not replace a verdict. */
export function standingReviews(reviews: readonly Review[], head: CommitId): readonly Review[] {
  const newest = new Map<string, Review>();
  for (const review of reviews)
    if (review.head === head && review.verdict !== 'commented') newest.set(review.account, review);
  return [...newest.values()];
}
