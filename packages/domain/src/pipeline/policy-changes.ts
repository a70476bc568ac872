import { contentDigest } from '../identity/content-digest.ts';
import type { PipelineDefinition, StageDefinition } from './pipeline.ts';
import { carriedBy, findStage, leavesOut, restsOn } from './stage-graph.ts';

/** One thing that a change would take from a gate of the branch it goes to. */
export interface PolicyChange {
  readonly pipeline: string;
  /** Absent when the whole pipeline goes. */
  readonly stage?: string;
  /** One sentence for people, which begins with what it is about. */
  readonly message: string;
}

/** Thresholds of a coverage stage, in per cent. */
export interface Thresholds {
  readonly changed: number;
  readonly total: number;
  readonly ratchetTolerance: number;
}

/**
 * What of the gates a proposal takes away, softens or swaps: every required stage of the base is held against it.
 *
 * New stages, stricter thresholds and changes of stages that are not required are no change of policy. Commands are: nobody but a
 * person can tell whether other commands prove as much.
 *
 * @param proposed - none when the proposed file is gone or cannot be read: then every gate goes.
 * @returns in the order of the base.
 */
export function policyChanges(
  proposed: readonly PipelineDefinition[],
  base: readonly PipelineDefinition[],
): readonly PolicyChange[] {
  return base.flatMap((before) => {
    const required = before.stages.filter((stage) => stage.requirement === 'required');
    const after = proposed.find((pipeline) => pipeline.name === before.name);
    if (required.length === 0) return [];
    if (after === undefined)
      return [{ pipeline: before.name, message: `Pipeline ${before.name} is gone, with every gate of it.` }];
    return required.flatMap((stage) =>
      stageChanges(after, before, stage).map((what) => ({
        pipeline: before.name,
        stage: stage.name,
        message: `Stage ${stage.name} of pipeline ${before.name} ${what}.`,
      })),
    );
  });
}

function stageChanges(
  proposed: PipelineDefinition,
  base: PipelineDefinition,
  before: StageDefinition,
): readonly string[] {
  const after = findStage(proposed, before.name);
  if (after === undefined) return ['is gone'];
  if (after.kind !== before.kind) return [`becomes a ${after.kind} stage; it was a ${before.kind} stage`];
  return [
    ...(after.requirement === 'required' ? [] : [`is ${after.requirement}, no longer required`]),
    ...graphChanges({ proposed, base, after, before }),
    ...(contentDigest(workOf(after)) === contentDigest(workOf(before)) ? [] : ['runs something else']),
    ...(contentDigest(reportsOf(after)) === contentDigest(reportsOf(before)) ? [] : ['is judged by another report']),
    ...(areNarrower(after.inputs, before.inputs) ? ['looks at fewer inputs'] : []),
    ...coverageChanges(after, before),
  ];
}

function graphChanges(facts: {
  readonly proposed: PipelineDefinition;
  readonly base: PipelineDefinition;
  readonly after: StageDefinition;
  readonly before: StageDefinition;
}): readonly string[] {
  const { proposed, base, after, before } = facts;
  const rests = restsOn(proposed, after);
  const lost = before.needs.filter((need) => !rests.has(need));
  const carried = carriedBy(base, before);
  const isSwapped = carried !== undefined && carriedBy(proposed, after) !== carried;
  const isOut = leavesOut({ ...proposed, stages: requireOwn(proposed, after) }, after);
  const wasOut = leavesOut(base, before);
  return [
    ...(lost.length === 0 ? [] : [`no longer waits for ${lost.join(', ')}`]),
    ...(isSwapped && lost.length === 0 ? [`no longer stands on stage ${carried} alone`] : []),
    ...(isOut.has('off') && !wasOut.has('off') ? ['stands behind a stage that is off'] : []),
    ...(isOut.has('branches') && !wasOut.has('branches') ? ['stands behind a stage that pull requests skip'] : []),
  ];
}

/** Its own requirement is told apart. */
function requireOwn(pipeline: PipelineDefinition, stage: StageDefinition): readonly StageDefinition[] {
  return pipeline.stages.map((one) => (one.name === stage.name ? { ...one, requirement: 'required' as const } : one));
}

function workOf(stage: StageDefinition): unknown {
  const { commands, workingDirectory, environment } = stage;
  return { commands, workingDirectory, environment };
}

function reportsOf(stage: StageDefinition): unknown {
  return stage.kind === 'test' ? (stage.options['reports'] ?? {}) : {};
}

/** No globs are the whole tree. */
function areNarrower(after: readonly string[], before: readonly string[]): boolean {
  if (after.length === 0) return false;
  return before.length === 0 || before.some((glob) => !after.includes(glob));
}

function coverageChanges(after: StageDefinition, before: StageDefinition): readonly string[] {
  if (before.kind !== 'coverage') return [];
  const [now, was] = [thresholdsOf(after), thresholdsOf(before)];
  const dropped = sourcesOf(before).filter((glob) => !sourcesOf(after).includes(glob));
  return [
    ...(now.changed < was.changed ? [`asks for ${now.changed} % of changed lines; it was ${was.changed} %`] : []),
    ...(now.total < was.total ? [`asks for ${now.total} % in total; it was ${was.total} %`] : []),
    ...(now.ratchetTolerance > was.ratchetTolerance
      ? [`lets coverage fall by ${now.ratchetTolerance} points; it was ${was.ratchetTolerance}`]
      : []),
    ...(dropped.length === 0 ? [] : [`no longer counts ${dropped.join(', ')}`]),
  ];
}

export function thresholdsOf(stage: StageDefinition): Thresholds {
  return stage.options['thresholds'] as Thresholds;
}

/** Globs of the files whose lines count. */
export function sourcesOf(stage: StageDefinition): readonly string[] {
  return stage.options['sources'] as readonly string[];
}
