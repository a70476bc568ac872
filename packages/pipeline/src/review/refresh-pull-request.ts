import { type CommitId, type PullRequest, guardGates, type PipelineDefinition } from '@slipway/domain';
import type { Effect, GitRepository } from '@slipway/ports';
import { changeOf, readPipelines } from '../change/read-change.ts';
import { cancelRun } from '../control-run.ts';
import { startRun } from '../start-run.ts';
import { pushersOf } from './open-pull-request.ts';
import type { ReviewServices } from './review-services.ts';
import { tellVoidedApprovals } from './tell-reviewers.ts';

/** Name of the effect that brings a pull request up to its branches. */
export const refreshKind = 'review.refresh';

/** The same head on the same base is refreshed once. */
export function refreshEffect(pullRequest: string, head: CommitId, base: CommitId): Effect {
  return { kind: refreshKind, key: `${pullRequest}/refresh/${head}/${base}`, payload: { pullRequest } };
}

/** Makes the merge result of the heads as they are now, starts its checks and cancels those of older results. Safe to repeat. */
export async function refreshPullRequest(services: ReviewServices, id: string): Promise<void> {
  const pullRequest = (await services.store.get('pullRequest', id))?.value;
  if (pullRequest?.state !== 'open') return;
  const repository = await services.openRepository(pullRequest.repository);
  const [head, base] = await Promise.all([
    repository.readRef(`refs/heads/${pullRequest.source}`),
    repository.readRef(`refs/heads/${pullRequest.target}`),
  ]);
  if (base === undefined) return;
  if (head === undefined) {
    await close(services, id);
    return;
  }
  const result = await makeMergeResult(services, repository, { ...pullRequest, head, base });
  const older = await startChecks(services, repository, { id, head, base, result });
  for (const run of older) await cancelRun(services, run, services.cancelEffect).catch(() => undefined);
}

/** A branch that is gone closes its pull request, unless its merge is under way. */
async function close(services: ReviewServices, id: string): Promise<void> {
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('pullRequest', id))?.value;
    if (known?.state !== 'open' || known.mergedCommit !== undefined) return;
    await tx.put('pullRequest', id, { ...known, state: 'closed', updatedAt: services.now() });
  });
}

interface MergeResult {
  readonly commit?: CommitId;
  readonly tree?: CommitId;
  readonly conflicts: readonly string[];
}

/** The same heads give the same commit, whenever it is made. */
async function makeMergeResult(
  services: ReviewServices,
  repository: GitRepository,
  pullRequest: PullRequest,
): Promise<MergeResult> {
  const { head, base, number, id } = pullRequest;
  const merged = await repository.merge(base, head);
  if (merged.kind === 'conflict') return { conflicts: merged.paths };
  const { committer } = await repository.readCommit(head);
  const message = `Merge result of pull request ${id}\n`;
  const commit = await repository.commitTree({
    tree: merged.tree,
    parents: [base, head],
    author: services.committer,
    committer: services.committer,
    message,
    at: committer.at,
  });
  for (const [ref, to] of [
    [`refs/pull/${number}/merge`, commit],
    [`refs/pull/${number}/head`, head],
  ] as const) {
    await repository.updateRef(ref, to, await repository.readRef(ref));
  }
  return { commit, tree: merged.tree, conflicts: [] };
}

/** Writes the result into the pull request and starts its checks; returns runs of older results that still run. */
async function startChecks(
  services: ReviewServices,
  repository: GitRepository,
  facts: { readonly id: string; readonly head: CommitId; readonly base: CommitId; readonly result: MergeResult },
): Promise<readonly string[]> {
  const { head, base, result } = facts;
  const definitions = await checksOf(repository, base, result.commit);
  return services.store.transact(async (tx) => {
    const known = (await tx.lock('pullRequest', facts.id))?.value;
    if (known?.state !== 'open') return [];
    const now = services.now();
    const { mergeCommit: _before, ...rest } = known;
    const pushers = [
      ...new Set([...known.pushers, ...(await pushersOf(tx, known.repository, `refs/heads/${known.source}`))]),
    ];
    const next: PullRequest = {
      ...rest,
      head,
      base,
      conflicts: result.conflicts,
      pushers,
      ...(result.commit === undefined ? {} : { mergeCommit: result.commit }),
      updatedAt: now,
    };
    await tx.put('pullRequest', facts.id, next);
    await tellVoidedApprovals(tx, known, next);
    const role = (await tx.get('repository', known.repository))?.value.role;
    if (role === 'code' && result.commit !== undefined && result.tree !== undefined) {
      const change = {
        ...(await changeOf(repository, {
          repository: known.repository,
          commit: head,
          branch: known.source,
          pusher: pushers.at(-1) ?? known.author,
        })),
        pullRequest: known.number,
      };
      const trigger = { kind: 'pull-request', number: known.number, base, head } as const;
      for (const definition of definitions) {
        await startRun(
          tx,
          { change, commit: result.commit, tree: result.tree, trigger, trust: 'trusted', definition, reviews: [] },
          now,
        );
      }
    }
    const match = { repository: known.repository, trigger: { kind: 'pull-request', number: known.number } };
    const runs = await tx.list('pipelineRun', { match, newestFirst: true });
    return runs
      .map((run) => run.value)
      .filter((run) => run.phase !== 'finished' && run.commit !== result.commit)
      .map((run) => run.id);
  });
}

/** Pipelines of the merge result, with the gates of the target as they are before it. A broken file runs the target's. */
async function checksOf(
  repository: GitRepository,
  base: CommitId,
  merge: CommitId | undefined,
): Promise<readonly PipelineDefinition[]> {
  const before = await readPipelines(repository, base);
  if (merge === undefined) return [];
  const proposed = await readPipelines(repository, merge);
  return guardGates(proposed.definitions, before.definitions);
}
