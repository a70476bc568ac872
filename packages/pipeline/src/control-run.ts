import type { StageRun } from '@slipway/domain';
import { advanceRun, stagesOf } from './advance-run.ts';
import { PipelineError } from './pipeline-error.ts';
import type { PipelineServices } from './services.ts';
import { stageStatement } from './statements.ts';

/** Aborts the running effect of a key; nothing when none runs. */
export type CancelEffect = (key: string) => Promise<void>;

/**
 * Cancels a run: what waits never starts, what runs is ended and leaves nothing behind.
 *
 * @throws {@link PipelineError} `PIPELINE_RUN_UNKNOWN`, `PIPELINE_RUN_FINISHED`.
 */
export async function cancelRun(
  services: Pick<PipelineServices, 'store' | 'now'>,
  id: string,
  cancelEffect: CancelEffect,
): Promise<void> {
  const running = await services.store.transact(async (tx) => {
    const run = (await tx.lock('pipelineRun', id))?.value;
    if (run === undefined) throw new PipelineError('PIPELINE_RUN_UNKNOWN', `There is no run ${id}`);
    if (run.phase === 'finished') throw new PipelineError('PIPELINE_RUN_FINISHED', `Run ${id} has ended`);
    const now = services.now();
    const stages = await stagesOf(tx, id);
    const open = stages.filter((stage) => stage.phase === 'pending' || stage.phase === 'waiting');
    for (const stage of open) {
      const next = cancelled(stage, now);
      await tx.put('stageRun', stage.id, next);
      // The run's own statement links to those of all its stages.
      await tx.record(stageStatement(run, next));
    }
    await advanceRun(tx, id, now);
    return stages.filter((stage) => stage.phase === 'running' || stage.phase === 'waiting');
  });
  for (const stage of running) await cancelEffect(`${stage.id}/${stage.attempt}`);
}

function cancelled(stage: StageRun, now: string): StageRun {
  const message = 'The run was cancelled.';
  return { ...stage, phase: 'finished', conclusion: 'cancelled', reason: 'Cancelled', message, finishedAt: now };
}

/**
 * Starts every stage again that did not succeed, and those behind it; what succeeded stands.
 *
 * @throws {@link PipelineError} `PIPELINE_RUN_UNKNOWN`, `PIPELINE_RUN_UNFINISHED`.
 */
export async function retryRun(services: Pick<PipelineServices, 'store' | 'now'>, id: string): Promise<void> {
  await services.store.transact(async (tx) => {
    const run = (await tx.lock('pipelineRun', id))?.value;
    if (run === undefined) throw new PipelineError('PIPELINE_RUN_UNKNOWN', `There is no run ${id}`);
    if (run.phase !== 'finished') throw new PipelineError('PIPELINE_RUN_UNFINISHED', `Run ${id} still runs`);
    const stages = await stagesOf(tx, id);
    const attempt = Math.max(...stages.map((stage) => stage.attempt)) + 1;
    for (const stage of stages.filter((one) => one.conclusion !== 'success')) {
      const { id: stageId, run: of, name, kind, requirement, needs, createdAt } = stage;
      const fresh = { id: stageId, run: of, name, kind, requirement, needs, createdAt };
      await tx.put('stageRun', stage.id, { ...fresh, phase: 'pending', attempt, outputs: [], facts: {} });
    }
    const { conclusion: _conclusion, finishedAt: _finishedAt, ...rest } = run;
    await tx.put('pipelineRun', id, { ...rest, phase: 'running' });
    await advanceRun(tx, id, services.now());
  });
}
