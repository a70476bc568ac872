import type { PipelineRun, StageDefinition, StageRun } from '@slipway/domain';
import type { GitRepository, LogWriter } from '@slipway/ports';
import type { StageEnd } from '../finish-stage.ts';
import type { PipelineServices } from '../services.ts';

/** One attempt of one stage, with all it may read. */
export interface StageWork {
  readonly services: PipelineServices;
  readonly run: PipelineRun;
  readonly stage: StageRun;
  readonly definition: StageDefinition;
  readonly needs: readonly StageRun[];
  readonly repository: GitRepository;
  readonly log: LogWriter;
  readonly signal: AbortSignal;
}

/** Does the work of a kind and says how it ended; what it could not do it throws. */
export type StageKindWork = (work: StageWork) => Promise<StageEnd>;

/** A line of the server itself in a stage's log. */
export function say(work: StageWork, line: string): void {
  work.log.write(Buffer.from(`${line}\n`));
}

/** The needed stage of that kind; the pipeline's parser proved that there is exactly one. */
export function neededStage(work: StageWork, kind: StageRun['kind']): StageRun | undefined {
  return work.needs.find((need) => need.kind === kind);
}
