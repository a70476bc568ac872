import type { PullRequest, Repository } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { readMergeState } from './read-merge-state.ts';
import { refreshEffect } from './refresh-pull-request.ts';
import type { ReviewServices } from './review-services.ts';

/** Longer than a merge takes: an intent this old belongs to nobody any more. */
const abandonedAfterMs = 30_000;

/**
 * Carries out merges that were intended before a crash, by the same commit, if every rule still holds; an intent that can no
 * longer be carried out is taken back, so that the pull request follows its branches again. Safe to repeat, and beside a merge.
 */
export async function finishIntendedMerges(
  services: ReviewServices,
  record: Repository,
  repository: GitRepository,
): Promise<void> {
  const open = await services.store.list('pullRequest', { match: { repository: record.id, state: 'open' } });
  for (const { value } of open) if (value.mergedCommit !== undefined) await finishOne(services, repository, value);
}

async function finishOne(services: ReviewServices, repository: GitRepository, known: PullRequest): Promise<void> {
  const { mergedCommit, id, target } = known;
  const ref = `refs/heads/${target}`;
  const targetHead = await repository.readRef(ref);
  if (mergedCommit === undefined || targetHead === undefined) return;
  // Git may have cleaned away what no ref ever held.
  const isKept = (await repository.resolve(mergedCommit)) !== undefined;
  if (isKept && (await repository.isAncestor(mergedCommit, targetHead))) return;
  const parents = isKept ? (await repository.readCommit(mergedCommit)).parents : [];
  const { decision } = await readMergeState(services.store, repository, known, services.now());
  const isCurrent = parents[0] === targetHead && parents[1] === known.head;
  if (isCurrent && decision.kind === 'allowed' && (await repository.updateRef(ref, mergedCommit, targetHead))) return;
  if (Date.parse(services.now()) - Date.parse(known.updatedAt) < abandonedAfterMs) return;
  await services.store.transact(async (tx) => {
    const now = (await tx.lock('pullRequest', id))?.value;
    if (now?.state !== 'open' || now.mergedCommit !== mergedCommit) return;
    const { mergedCommit: _commit, mergedBy: _by, ...rest } = now;
    await tx.put('pullRequest', id, { ...rest, updatedAt: services.now() });
    await tx.effect(refreshEffect(id, now.head, targetHead));
  });
}
