import type { Change, PipelineDefinition, PipelineRun, Trigger } from '@slipway/domain';
import { contentDigest } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { advanceRun } from './advance-run.ts';
import { changeStatement, runStartedStatement } from './statements.ts';

/** What starts a run of one pipeline. */
export interface RunRequest {
  readonly change: Change;
  /** Commit and tree under test: the merge result of a pull request, else the change itself. */
  readonly commit: Change['commit'];
  readonly tree: Change['tree'];
  readonly trigger: Trigger;
  readonly trust: PipelineRun['trust'];
  readonly definition: PipelineDefinition;
  /** Statements of the reviews that let the change in. */
  readonly reviews: readonly string[];
}

/** The same pipeline of the same commit by the same trigger is the same run. */
export function runId(request: RunRequest): string {
  const { trigger } = request;
  const place =
    trigger.kind === 'pull-request'
      ? `pr${trigger.number}`
      : trigger.kind === 'push'
        ? trigger.branch.replaceAll('/', '-')
        : 'checkout';
  return `${request.change.repository}.${request.definition.name}.${place}.${request.commit.slice(0, 12)}`;
}

/**
 * Creates a run with its stages and starts the first of them, in the caller's transaction.
 *
 * @returns the run's id; one that exists already is left as it is.
 */
export async function startRun(tx: StoreTransaction, request: RunRequest, now: string): Promise<string> {
  const id = runId(request);
  await tx.lockName(`run/${id}`);
  if ((await tx.get('pipelineRun', id)) !== undefined) return id;
  await tx.put('change', request.change.id, request.change);
  await tx.record(changeStatement(request.change, request.reviews));
  const run: PipelineRun = {
    id,
    repository: request.change.repository,
    pipeline: request.definition.name,
    commit: request.commit,
    tree: request.tree,
    change: request.change.id,
    author: request.change.author,
    trigger: request.trigger,
    trust: request.trust,
    definition: request.definition,
    definitionDigest: contentDigest(request.definition),
    phase: 'running',
    createdAt: now,
    startedAt: now,
  };
  await tx.put('pipelineRun', id, run);
  await tx.record(runStartedStatement(run));
  for (const stage of request.definition.stages) {
    await tx.put('stageRun', `${id}/${stage.name}`, {
      id: `${id}/${stage.name}`,
      run: id,
      name: stage.name,
      kind: stage.kind,
      requirement: stage.requirement,
      needs: stage.needs,
      phase: 'pending',
      attempt: 1,
      outputs: [],
      facts: {},
      createdAt: now,
    });
  }
  await advanceRun(tx, id, now);
  return id;
}
