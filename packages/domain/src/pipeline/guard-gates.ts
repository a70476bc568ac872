import { DomainError } from '../errors/domain-error.ts';
import { doesNothing } from './does-nothing.ts';
import type { PipelineDefinition, StageDefinition } from './pipeline.ts';
import { sourcesOf, thresholdsOf } from './policy-changes.ts';
import { carriedBy, carriedKinds, findStage, leavesOut, restsOn } from './stage-graph.ts';
import { orderStages } from './stage-order.ts';

/**
 * The pipelines a change proposes, with the gates of the protected branch as they were before it (DESIGN §13.5).
 *
 * Every required stage of the base runs, as a required one and as strict as there: removed it stands again; advisory or off it is
 * required; thresholds, needs, inputs and sources are never fewer; commands that do nothing are those of the base. Where the graph was
 * changed around a gate so that no such mending keeps its meaning, the whole base pipeline stands. What a merge brings counts from the
 * next change on; `policyChanges` names it before.
 *
 * Other commands, and where their report is, are taken as proposed: a change may need them, and only a person can judge them.
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
  const required = base.stages.filter((stage) => stage.requirement === 'required');
  const stages = proposed.stages.map((stage) => {
    const gate = required.find((one) => one.name === stage.name);
    return gate === undefined ? stage : guardStage(proposed, stage, gate);
  });
  const ordered = inOrder([...stages, ...missingStages(proposed, base, required)]);
  if (ordered === undefined) return base;
  const mended = { ...proposed, stages: ordered };
  return required.every((gate) => standsAsBefore(mended, base, gate)) ? mended : base;
}

/** Required stages that the proposal dropped, and those of the base that they need and the proposal dropped too. */
function missingStages(
  proposed: PipelineDefinition,
  base: PipelineDefinition,
  required: readonly StageDefinition[],
): readonly StageDefinition[] {
  const isMissing = (name: StageDefinition['name']): boolean => findStage(proposed, name) === undefined;
  const wanted = new Set(required.map((stage) => stage.name).filter(isMissing));
  // A kept gate gets its needs back, so they must exist too.
  for (const gate of required) for (const need of restsOn(base, gate)) if (isMissing(need)) wanted.add(need);
  return base.stages.filter((stage) => wanted.has(stage.name));
}

/** Absent when stages need each other in a circle. */
function inOrder(stages: readonly StageDefinition[]): readonly StageDefinition[] | undefined {
  try {
    return orderStages(stages);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'STAGE_CYCLE') return undefined;
    throw error;
  }
}

function guardStage(proposed: PipelineDefinition, stage: StageDefinition, gate: StageDefinition): StageDefinition {
  if (stage.kind !== gate.kind) return stage;
  const rests = restsOn(proposed, stage);
  const hasWork = gate.commands.length === 0 || !doesNothing(stage.commands);
  const work = hasWork ? stage : gate;
  return {
    ...stage,
    requirement: 'required',
    needs: [...stage.needs, ...gate.needs.filter((need) => !rests.has(need))],
    commands: work.commands,
    workingDirectory: work.workingDirectory,
    environment: work.environment,
    inputs: widest(stage.inputs, gate.inputs),
    options: guardOptions(work, stage, gate),
  };
}

/** No globs are the whole tree. */
function widest(one: readonly string[], other: readonly string[]): readonly string[] {
  return one.length === 0 || other.length === 0 ? [] : [...new Set([...other, ...one])];
}

function guardOptions(
  work: StageDefinition,
  stage: StageDefinition,
  gate: StageDefinition,
): StageDefinition['options'] {
  if (gate.kind !== 'coverage') return work.options;
  const [now, before] = [thresholdsOf(stage), thresholdsOf(gate)];
  return {
    ...stage.options,
    sources: [...new Set([...sourcesOf(gate), ...sourcesOf(stage)])],
    thresholds: {
      changed: Math.max(now.changed, before.changed),
      total: Math.max(now.total, before.total),
      ratchetTolerance: Math.min(now.ratchetTolerance, before.ratchetTolerance),
    },
  };
}

/** Whether the graph leaves a gate what it was: its kind, what it judges, and that it runs when it did. */
function standsAsBefore(mended: PipelineDefinition, base: PipelineDefinition, gate: StageDefinition): boolean {
  const stage = findStage(mended, gate.name);
  if (stage?.kind !== gate.kind) return false;
  // A coverage stage judges the report of the one test stage it needs, a publish stage carries on the one image: another is another gate.
  if (carriedKinds[gate.kind] !== undefined && carriedBy(mended, stage) !== carriedBy(base, gate)) return false;
  const before = leavesOut(base, gate);
  return [...leavesOut(mended, stage)].every((rule) => before.has(rule));
}
