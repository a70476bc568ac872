import type { ApprovalsView, WaitingApproval } from '@slipway/api';
import { type Account, decideApproval, type Promotion, type PullRequest } from '@slipway/domain';
import { countingApprovals, readMergeState } from '@slipway/pipeline';
import type { ServerServices } from '../server-services.ts';
import { mayApprove } from './pull-request-view.ts';

/** More are not shown: nobody works through them in one list. */
const mostShown = 200;

/** Promotions and rollbacks that wait for a second person, before they go in or after. */
export async function viewApprovals(services: ServerServices, account: Account): Promise<ApprovalsView> {
  const { store } = services.review;
  const open = await store.list('pullRequest', { match: { state: 'open' }, newestFirst: true, limit: mostShown });
  const carriers = open.flatMap(({ value }) => (value.promotion === undefined ? [] : [value]));
  const approvals = await Promise.all(carriers.map((one) => viewCarrier(services, one, account)));
  const rollbacks = await store.list('promotion', { match: { kind: 'rollback' }, newestFirst: true });
  const reviews = rollbacks.flatMap(({ value }) => viewReview(value, account, services.review.now()));
  const late = reviews.filter(({ isOverdue }) => isOverdue);
  const due = reviews.filter(({ isOverdue }) => !isOverdue);
  return { items: [...late, ...due, ...approvals.flat()] };
}

/** An open pull request that carries a promotion. */
async function viewCarrier(
  services: ServerServices,
  pullRequest: PullRequest,
  account: Account,
): Promise<readonly WaitingApproval[]> {
  const { store, now } = services.review;
  const promotion = (await store.get('promotion', pullRequest.promotion ?? ''))?.value;
  if (promotion === undefined) return [];
  const repository = await services.review.openRepository(pullRequest.repository);
  const { decision, reviews } = await readMergeState(store, repository, pullRequest, now());
  return [
    {
      ...viewPromotionOf(promotion),
      waitsFor: 'approval',
      title: pullRequest.title,
      pullRequest: { repository: pullRequest.repository, number: pullRequest.number },
      approvals: [...countingApprovals(reviews)],
      unmet: decision.kind === 'allowed' ? [] : [...decision.unmet],
      isOverdue: false,
      canApprove: await mayApprove(services, pullRequest, account),
    },
  ];
}

/** What went in past its approvals and was not looked at yet; nothing for any other promotion. */
function viewReview(promotion: Promotion, account: Account, now: string): readonly WaitingApproval[] {
  const { breakGlass, environment, phase } = promotion;
  if (breakGlass === undefined || breakGlass.reviewedBy !== undefined) return [];
  // What failed before it was written has changed nothing that could be reviewed.
  if (promotion.commit === undefined && phase !== 'pending' && phase !== 'running') return [];
  return [
    {
      ...viewPromotionOf(promotion),
      waitsFor: 'review',
      title: `Emergency rollback of environment ${environment}`,
      approvals: [],
      unmet: [],
      reviewUntil: breakGlass.reviewUntil,
      isOverdue: now > breakGlass.reviewUntil,
      canApprove: mayReview(promotion, account),
    },
  ];
}

/** The same rule that the review itself is held to. */
function mayReview({ commit, requestedBy, breakGlass }: Promotion, account: Account): WaitingApproval['canApprove'] {
  if (commit === undefined) return { isAllowed: false, reason: 'Its commit is not in the config repository yet.' };
  const decision = decideApproval({
    approver: account,
    approvedHead: commit,
    head: commit,
    author: requestedBy,
    promoter: breakGlass?.by ?? requestedBy,
    pushers: [],
    commitEmails: [],
    neededRole: 'approver',
  });
  return decision.kind === 'counts' ? { isAllowed: true } : { isAllowed: false, reason: decision.message };
}

function viewPromotionOf(promotion: Promotion) {
  const { id, kind, application, environment, release, requestedBy, requestedAt, reason } = promotion;
  return {
    promotion: id,
    ...{ kind, application, environment, release, requestedBy, requestedAt },
    ...(reason === undefined ? {} : { reason }),
  };
}
