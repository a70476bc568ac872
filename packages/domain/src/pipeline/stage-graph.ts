import type { Name } from '../identity/names.ts';
import type { PipelineDefinition, StageDefinition, StageKind } from './pipeline.ts';

/** The kind of stage whose result another judges or carries on: exactly one of it stands in its `needs`. */
export const carriedKinds: Partial<Record<StageKind, StageKind>> = {
  coverage: 'test',
  publish: 'image',
  manifests: 'publish',
};

export function findStage(pipeline: PipelineDefinition, name: Name): StageDefinition | undefined {
  return pipeline.stages.find((stage) => stage.name === name);
}

/** Names of every stage that one rests on, through others too. */
export function restsOn(pipeline: PipelineDefinition, stage: StageDefinition): ReadonlySet<Name> {
  const found = new Set<Name>();
  const visit = (names: readonly Name[]): void => {
    for (const name of names) {
      if (found.has(name)) continue;
      found.add(name);
      visit(findStage(pipeline, name)?.needs ?? []);
    }
  };
  visit(stage.needs);
  return found;
}

/** The stage whose result this one judges or carries on; absent for kinds without one. */
export function carriedBy(pipeline: PipelineDefinition, stage: StageDefinition): Name | undefined {
  const kind = carriedKinds[stage.kind];
  const found = stage.needs.filter((name) => findStage(pipeline, name)?.kind === kind);
  return kind === undefined || found.length !== 1 ? undefined : found[0];
}

/** What keeps a stage from running although nothing failed: a stage that is off, or one that a pull request leaves out. */
export function leavesOut(pipeline: PipelineDefinition, stage: StageDefinition): ReadonlySet<'off' | 'branches'> {
  const rules = new Set<'off' | 'branches'>();
  for (const name of [stage.name, ...restsOn(pipeline, stage)]) {
    const one = findStage(pipeline, name);
    if (one?.requirement === 'off') rules.add('off');
    if (one?.isOnlyOnBranches === true) rules.add('branches');
  }
  return rules;
}
