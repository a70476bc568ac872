import type { Name } from '@slipway/domain';
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
  for (const { value } of open) {
    if (value.promotion === undefined) continue;
    const repository = await services.openRepository(name);
    const { decision, reviews } = await readMergeState(services.store, repository, value, services.now());
    const newest = reviews.findLast((one) => one.decision.kind === 'counts')?.review;
    if (decision.kind === 'refused' || newest === undefined) continue;
    if (Date.parse(services.now()) - Date.parse(newest.createdAt) < cutOffAfterMs) continue;
    const account = (await services.store.get('account', newest.account))?.value;
    if (account === undefined) continue;
    try {
      await mergePullRequest(services, account, value.id);
    } catch (error) {
      // Something moved since the look: the next look decides again.
      if (!(error instanceof ReviewError) || error.code !== 'MERGE_REFUSED') throw error;
    }
  }
}
