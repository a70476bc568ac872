import type { Conclusion, KeptOutput, PipelineRun, StageRun } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { advanceRun } from './advance-run.ts';
import type { PipelineServices } from './services.ts';
import { stageStatement } from './statements.ts';

/** How a stage ended; what is absent stays as it was. */
export interface StageEnd {
  readonly conclusion: Conclusion;
  readonly reason?: string;
  readonly message?: string;
  readonly isolation?: string;
  readonly exitCode?: number;
  readonly hitOf?: string;
  readonly outputs?: readonly KeptOutput[];
  readonly facts?: StageRun['facts'];
  /** What else belongs in the same transaction. */
  readonly also?: (tx: StoreTransaction, run: PipelineRun, stage: StageRun) => Promise<void>;
}

/** Writes the end of an attempt, its statement and what follows, in one transaction. An attempt that ended already stays as it is. */
export async function finishStage(
  services: Pick<PipelineServices, 'store' | 'now'>,
  attempt: Pick<StageRun, 'id' | 'attempt' | 'key' | 'logDigest'>,
  end: StageEnd,
): Promise<void> {
  const { also, ...fields } = end;
  await services.store.transact(async (tx) => {
    const stage = (await tx.lock('stageRun', attempt.id))?.value;
    if (stage === undefined || stage.phase === 'finished' || stage.attempt !== attempt.attempt) return;
    const run = (await tx.get('pipelineRun', stage.run))?.value;
    if (run === undefined) return;
    const now = services.now();
    const next: StageRun = {
      ...stage,
      ...attempt,
      ...fields,
      outputs: end.outputs ?? [],
      facts: end.facts ?? {},
      phase: 'finished',
      finishedAt: now,
    };
    await tx.put('stageRun', next.id, next);
    await tx.record(stageStatement(run, next));
    await also?.(tx, run, next);
    await advanceRun(tx, run.id, now);
  });
}
