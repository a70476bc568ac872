import { decideRun, InvariantError, type PipelineRun, type StageRun } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { runStatement, stageStatement } from './statements.ts';

/** Name of the effect that runs one stage. */
export const stageEffect = 'pipeline.stage';
/** Name of the effect that settles what follows the end of a run: metrics, notifications, checks. */
export const runEndedEffect = 'pipeline.run-ended';

/** Starts what can start, skips what never will and ends the run when nothing is left; in the caller's transaction. */
export async function advanceRun(tx: StoreTransaction, id: string, now: string): Promise<void> {
  const run = (await tx.lock('pipelineRun', id))?.value;
  if (run === undefined) throw new InvariantError(`run ${id} does not exist`);
  if (run.phase === 'finished') return;
  const decision = decideRun(run, await stagesOf(tx, id));
  for (const { stage, reason, message } of decision.skip) {
    const next: StageRun = { ...stage, phase: 'finished', conclusion: 'skipped', reason, message, finishedAt: now };
    await tx.put('stageRun', stage.id, next);
    await tx.record(stageStatement(run, next));
  }
  for (const stage of decision.start) await startStage(tx, stage, now);
  if (decision.conclusion !== undefined) {
    await endRun(tx, { ...run, phase: 'finished', conclusion: decision.conclusion, finishedAt: now });
  }
}

/** In order of the definition. */
export async function stagesOf(tx: Pick<StoreTransaction, 'list'>, run: string): Promise<readonly StageRun[]> {
  return (await tx.list('stageRun', { match: { run } })).map((stored) => stored.value);
}

async function startStage(tx: StoreTransaction, stage: StageRun, now: string): Promise<void> {
  await tx.put('stageRun', stage.id, { ...stage, phase: 'waiting', startedAt: now });
  const payload = { stage: stage.id, attempt: stage.attempt };
  await tx.effect({ kind: stageEffect, key: `${stage.id}/${stage.attempt}`, payload });
}

async function endRun(tx: StoreTransaction, run: PipelineRun): Promise<void> {
  const stages = await stagesOf(tx, run.id);
  await tx.put('pipelineRun', run.id, run);
  await tx.record(runStatement(run, stages));
  const attempt = Math.max(...stages.map((stage) => stage.attempt));
  await tx.effect({ kind: runEndedEffect, key: `${run.id}/ended/${attempt}`, payload: { run: run.id } });
}
