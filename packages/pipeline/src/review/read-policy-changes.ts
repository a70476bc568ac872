import { policyChanges, type PolicyChange, type PullRequest } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { readPipelines } from '../change/read-change.ts';

/** What the merge result of a pull request would take from the gates of its target; nothing while there is no result. */
export async function readPolicyChanges(
  repository: GitRepository,
  pullRequest: Pick<PullRequest, 'base' | 'mergeCommit'>,
): Promise<readonly PolicyChange[]> {
  const { base, mergeCommit } = pullRequest;
  if (mergeCommit === undefined) return [];
  const [before, proposed] = await Promise.all([
    readPipelines(repository, base),
    readPipelines(repository, mergeCommit),
  ]);
  return policyChanges(proposed.definitions, before.definitions);
}
