import type { Branch, Name, PullRequest } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { approvalRule } from './approvals.ts';
import { refreshEffect } from './refresh-pull-request.ts';
import { ReviewError } from './review-error.ts';
import type { ReviewServices } from './review-services.ts';
import { tellReviewers } from './tell-reviewers.ts';

export interface PullRequestOpening {
  readonly repository: Name;
  readonly source: Branch;
  readonly target?: Branch;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly promotion?: string;
}

/**
 * Opens a pull request; an open one of the same branches is that one.
 *
 * @throws {@link ReviewError} `PULL_REQUEST_BRANCH_MISSING`, `PULL_REQUEST_EMPTY`.
 */
export async function openPullRequest(services: ReviewServices, opening: PullRequestOpening): Promise<PullRequest> {
  const record = (await services.store.get('repository', opening.repository))?.value;
  const repository = await services.openRepository(opening.repository);
  const target = opening.target ?? record?.defaultBranch;
  const [head, base] = await Promise.all([
    repository.readRef(`refs/heads/${opening.source}`),
    repository.readRef(`refs/heads/${target ?? 'main'}`),
  ]);
  if (target === undefined || head === undefined || base === undefined) {
    throw new ReviewError(
      'PULL_REQUEST_BRANCH_MISSING',
      `${opening.repository} has no branch ${head === undefined ? opening.source : (target ?? 'main')}`,
    );
  }
  if (await repository.isAncestor(head, base))
    throw new ReviewError('PULL_REQUEST_EMPTY', `${opening.source} has nothing that ${target} lacks`);
  const promoted = opening.promotion === undefined ? {} : { promotion: opening.promotion };
  const rule = await approvalRule(services.store, repository, {
    repository: opening.repository,
    head,
    base,
    ...promoted,
  });
  return services.store.transact(async (tx) => {
    await tx.lockName(`pull-requests/${opening.repository}`);
    const all = await tx.list('pullRequest', { match: { repository: opening.repository }, limit: 100_000 });
    const same = all.find(
      ({ value }) => value.state === 'open' && value.source === opening.source && value.target === target,
    );
    if (same !== undefined) return same.value;
    const number = all.length + 1;
    const now = services.now();
    const pullRequest: PullRequest = {
      id: `${opening.repository}#${number}`,
      repository: opening.repository,
      number,
      title: opening.title,
      body: opening.body,
      author: opening.author,
      source: opening.source,
      target,
      head,
      base,
      conflicts: [],
      state: 'open',
      pushers: await pushersOf(tx, opening.repository, `refs/heads/${opening.source}`),
      ...promoted,
      createdAt: now,
      updatedAt: now,
    };
    await tx.put('pullRequest', pullRequest.id, pullRequest);
    await tx.effect(refreshEffect(pullRequest.id, head, base));
    await tellReviewers(tx, pullRequest, rule);
    return pullRequest;
  });
}

/** Accounts that pushed to a branch. */
export async function pushersOf(tx: StoreTransaction, repository: Name, ref: string): Promise<readonly string[]> {
  const pushes = await tx.list('push', { match: { repository, ref } });
  return [...new Set(pushes.map((push) => push.value.account))];
}
