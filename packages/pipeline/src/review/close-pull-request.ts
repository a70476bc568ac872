import type { Account, PullRequest } from '@slipway/domain';
import { ReviewError } from './review-error.ts';
import type { ReviewServices } from './review-services.ts';

/**
 * Closes a pull request without merging it: its author takes it back, or somebody who could approve it says no for good.
 *
 * @throws {@link ReviewError} `PULL_REQUEST_UNKNOWN` when none is open, `CLOSE_REFUSED` for anybody else, and while its merge is under way.
 */
export async function closePullRequest(services: ReviewServices, account: Account, id: string): Promise<PullRequest> {
  return services.store.transact(async (tx) => {
    const known = (await tx.lock('pullRequest', id))?.value;
    if (known?.state !== 'open') throw new ReviewError('PULL_REQUEST_UNKNOWN', `There is no open pull request ${id}`);
    if (!mayClose(account, known))
      throw new ReviewError('CLOSE_REFUSED', `${account.id} neither opened ${id} nor may approve it`);
    if (known.mergedCommit !== undefined) throw new ReviewError('CLOSE_REFUSED', `${id} is being merged`);
    const next: PullRequest = { ...known, state: 'closed', updatedAt: services.now() };
    await tx.put('pullRequest', id, next);
    return next;
  });
}

function mayClose({ id, roles }: Account, pullRequest: PullRequest): boolean {
  const needed = pullRequest.promotion === undefined ? 'reviewer' : 'approver';
  return pullRequest.author === id || roles.includes(needed) || roles.includes('admin');
}
