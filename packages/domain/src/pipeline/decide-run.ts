import type { Conclusion } from '../phases.ts';
import type { PipelineRun, StageDefinition, StageRun } from './pipeline.ts';

/** What happens next in a run. */
export interface RunDecision {
  /** Stages whose needs are done: they start now. */
  readonly start: readonly StageRun[];
  /** Stages that never will, each with the rule that decided it. */
  readonly skip: readonly { readonly stage: StageRun; readonly reason: string; readonly message: string }[];
  /** Present when nothing is left to do. */
  readonly conclusion?: Conclusion;
}

/**
 * Decides what a run does after any of its stages changed.
 *
 * Pure. One call settles everything that follows at once: a skipped stage skips those that need it in the same decision.
 */
export function decideRun(run: PipelineRun, stages: readonly StageRun[]): RunDecision {
  const settled = new Map(stages.map((stage) => [stage.name, stage]));
  const skip: { stage: StageRun; reason: string; message: string }[] = [];
  const start: StageRun[] = [];
  for (const definition of run.definition.stages) {
    const stage = settled.get(definition.name);
    if (stage === undefined || stage.phase !== 'pending') continue;
    const rule = skipRule(run, definition, settled);
    if (rule !== undefined) {
      skip.push({ stage, ...rule });
      settled.set(stage.name, { ...stage, phase: 'finished', conclusion: 'skipped' });
    } else if (definition.needs.every((need) => settled.get(need)?.phase === 'finished')) start.push(stage);
  }
  const after = [...settled.values()];
  const isOver = start.length === 0 && after.every((stage) => stage.phase === 'finished');
  return { start, skip, ...(isOver ? { conclusion: concludeRun(run, settled) } : {}) };
}

function skipRule(
  run: PipelineRun,
  definition: StageDefinition,
  settled: ReadonlyMap<string, StageRun>,
): { readonly reason: string; readonly message: string } | undefined {
  if (definition.requirement === 'off') return { reason: 'TurnedOff', message: 'The pipeline turns this stage off.' };
  if (definition.isOnlyOnBranches && run.trigger.kind === 'pull-request') {
    return { reason: 'OnlyOnBranches', message: 'This stage runs after the merge, not on a pull request.' };
  }
  if (definition.isOnlyOnBranches && run.trigger.kind === 'checkout') {
    return { reason: 'OnlyOnBranches', message: 'This stage runs on a pushed branch, not on a checkout.' };
  }
  for (const need of definition.needs) {
    const stage = settled.get(need);
    if (stage?.phase !== 'finished') continue;
    if (stage.conclusion === 'success') continue;
    if (stage.conclusion === 'skipped')
      return { reason: 'NeedSkipped', message: `It needs stage ${need}, which was skipped.` };
    return {
      reason: 'NeedFailed',
      message: `It needs stage ${need}, which ended in ${stage.conclusion ?? 'nothing'}.`,
    };
  }
  return undefined;
}

/** Worst of the required stages; advisory ones never fail a run, but what is required and never ran behind one does. */
function concludeRun(run: PipelineRun, settled: ReadonlyMap<string, StageRun>): Conclusion {
  const required = [...settled.values()].filter((stage) => stage.requirement === 'required');
  const ends = required.map((stage) => (isBlocked(run, settled, stage.name) ? 'failure' : stage.conclusion));
  const worst = (['cancelled', 'action_required', 'timed_out', 'failure'] as const).find((conclusion) =>
    ends.includes(conclusion),
  );
  return worst ?? 'success';
}

/** Skipped because something it rests on did not succeed, not because a rule of the pipeline leaves it out. */
function isBlocked(run: PipelineRun, settled: ReadonlyMap<string, StageRun>, name: string): boolean {
  if (settled.get(name)?.conclusion !== 'skipped') return false;
  const definition = run.definition.stages.find((stage) => stage.name === name);
  return (definition?.needs ?? []).some((need) => {
    const conclusion = settled.get(need)?.conclusion;
    if (conclusion === undefined || conclusion === 'success') return false;
    return conclusion !== 'skipped' || isBlocked(run, settled, need);
  });
}
