import type { PipelineDefinition, StageDefinition, StageKind } from './pipeline.ts';

/** Kinds that judge a change: a change cannot take them away or soften them for itself. */
const judges: ReadonlySet<StageKind> = new Set(['test', 'coverage']);

/**
 * The pipelines a change proposes, with the gates of the protected branch as they were before it.
 *
 * A judging stage that the change removed stands again, one it turned advisory or off is required again, and thresholds are
 * never below those of the base; put behind a stage that a pull request leaves out, or given another report to judge, the whole
 * base pipeline stands. What a merge brings counts from the next change on.
 */
export function guardGates(
  proposed: readonly PipelineDefinition[],
  base: readonly PipelineDefinition[],
): readonly PipelineDefinition[] {
  const kept = base.filter((pipeline) => !proposed.some((other) => other.name === pipeline.name));
  const guarded = proposed.map((pipeline) => {
    const before = base.find((other) => other.name === pipeline.name);
    return before === undefined ? pipeline : guardPipeline(pipeline, before);
  });
  return [...guarded, ...kept];
}

function guardPipeline(proposed: PipelineDefinition, base: PipelineDefinition): PipelineDefinition {
  const judging = base.stages.filter((stage) => judges.has(stage.kind) && stage.requirement === 'required');
  const isReplaced = (stage: StageDefinition): boolean =>
    judging.some((judge) => judge.name === stage.name && judge.kind !== stage.kind);
  const isBypassed = (judge: StageDefinition): boolean => {
    const stage = proposed.stages.find((one) => one.name === judge.name);
    if (stage === undefined) return true;
    // A coverage stage judges the report of the stage it needs: another need is another report.
    if (judge.kind === 'coverage' && [...stage.needs].sort().join() !== [...judge.needs].sort().join()) return true;
    return isLeftOut(proposed, stage) && !isLeftOut(base, judge);
  };
  // The graph itself was changed around a gate: only the whole base pipeline keeps its meaning.
  if (proposed.stages.some(isReplaced) || judging.some(isBypassed)) return base;
  const stages = proposed.stages.map((stage) => {
    const judge = judging.find((one) => one.name === stage.name);
    return judge === undefined
      ? stage
      : { ...stage, requirement: judge.requirement, options: guardOptions(stage, judge) };
  });
  return { ...proposed, stages };
}

/** Whether something that a stage rests on is left out of a pull request's run, and the stage with it. */
function isLeftOut(pipeline: PipelineDefinition, stage: StageDefinition, seen: readonly string[] = []): boolean {
  return stage.needs.some((name) => {
    const need = pipeline.stages.find((one) => one.name === name);
    if (need === undefined || seen.includes(name)) return false;
    return need.requirement === 'off' || need.isOnlyOnBranches || isLeftOut(pipeline, need, [...seen, name]);
  });
}

interface Thresholds {
  readonly changed: number;
  readonly total: number;
  readonly ratchetTolerance: number;
}

function guardOptions(stage: StageDefinition, judge: StageDefinition): StageDefinition['options'] {
  if (judge.kind !== 'coverage') return stage.options;
  const now = stage.options['thresholds'] as Thresholds;
  const before = judge.options['thresholds'] as Thresholds;
  return {
    ...stage.options,
    sources: [
      ...new Set([
        ...(judge.options['sources'] as readonly string[]),
        ...(stage.options['sources'] as readonly string[]),
      ]),
    ],
    thresholds: {
      changed: Math.max(now.changed, before.changed),
      total: Math.max(now.total, before.total),
      ratchetTolerance: Math.min(now.ratchetTolerance, before.ratchetTolerance),
    },
  };
}
