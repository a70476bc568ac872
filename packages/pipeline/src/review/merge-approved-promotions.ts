import type { Name, PullRequest } from '@slipway/domain';
import { mergePullRequest } from './merge-pull-request.ts';
import { readMergeState } from './read-merge-state.ts';
import { ReviewError } from './review-error.ts';
import type { ReviewServices } from './review-services.ts';

/** The request that brought the approval merges by itself; only one that was cut off is old and still open. */
const cutOffAfterMs = 5_000;

/**
 * Merges promotions whose last approval completed them but whose merge never began: the server died in between, or the branch
 * had just moved. The approver merges, as with the approval itself. Safe to repeat, and beside a merge.
 */
export async function mergeApprovedPromotions(services: ReviewServices, name: Name): Promise<void> {
  const open = await services.store.list('pullRequest', { match: { repository: name, state: 'open' } });
  for (const { value } of open) await mergeIfApproved(services, value, { approvedBeforeMs: cutOffAfterMs });
}

/** As {@link mergeApprovedPromotions}, at once: a merge result was just made for a request that may have been approved without one. */
export async function mergeRefreshedPromotion(services: ReviewServices, id: string): Promise<void> {
  const pullRequest = (await services.store.get('pullRequest', id))?.value;
  if (pullRequest?.state === 'open') await mergeIfApproved(services, pullRequest, { approvedBeforeMs: 0 });
}

async function mergeIfApproved(
  services: ReviewServices,
  pullRequest: PullRequest,
  { approvedBeforeMs }: { readonly approvedBeforeMs: number },
): Promise<void> {
  if (pullRequest.promotion === undefined) return;
  const repository = await services.openRepository(pullRequest.repository);
  const { decision, reviews } = await readMergeState(services.store, repository, pullRequest, services.now());
  const newest = reviews.findLast((one) => one.decision.kind === 'counts')?.review;
  if (decision.kind === 'refused' || newest === undefined) return;
  if (Date.parse(services.now()) - Date.parse(newest.createdAt) < approvedBeforeMs) return;
  const account = (await services.store.get('account', newest.account))?.value;
  if (account === undefined) return;
  try {
    await mergePullRequest(services, account, pullRequest.id);
  } catch (error) {
    // Something moved since the look: the next look decides again.
    if (!(error instanceof ReviewError) || error.code !== 'MERGE_REFUSED') throw error;
  }
}
