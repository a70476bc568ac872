import { isCommitId, type CommitId } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import type { RefUpdate } from './push.ts';

/**
 * Which of the accepted updates are in the repository now.
 *
 * Another writer may have moved a branch on since: then ours landed if it is an ancestor of what is there.
 */
export async function landedUpdates(
  repository: GitRepository,
  updates: readonly RefUpdate[],
): Promise<readonly RefUpdate[]> {
  const refs = await repository.listRefs();
  const landed = await Promise.all(updates.map((update) => hasLanded(repository, update, refs.get(update.ref))));
  return updates.filter((_, index) => landed[index]);
}

async function hasLanded(repository: GitRepository, update: RefUpdate, now: CommitId | undefined): Promise<boolean> {
  if (update.after === undefined || now === undefined) return update.after === undefined && now === undefined;
  // A tag that is an object of its own is listed by the commit it leads to.
  const after = await repository.resolve(update.after);
  if (after === undefined || !isCommitId(after)) return false;
  if (after === now) return true;
  return update.ref.startsWith('refs/heads/') && now !== update.before && (await repository.isAncestor(after, now));
}
