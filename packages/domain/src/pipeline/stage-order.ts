import { DomainError } from '../errors/domain-error.ts';
import type { Name } from '../identity/names.ts';

interface Node {
  readonly name: Name;
  readonly needs: readonly Name[];
}

/**
 * Stages so that each comes after its needs; order of the file where it is free.
 *
 * @throws {@link DomainError} `STAGE_CYCLE` naming the cycle.
 */
export function orderStages<Stage extends Node>(stages: readonly Stage[]): readonly Stage[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const done = new Set<Name>();
  const ordered: Stage[] = [];
  const visit = (stage: Stage, path: readonly Name[]): void => {
    if (done.has(stage.name)) return;
    if (path.includes(stage.name)) {
      const cycle = [...path.slice(path.indexOf(stage.name)), stage.name].join(' → ');
      throw new DomainError('STAGE_CYCLE', `Stages need each other: ${cycle}`);
    }
    for (const need of stage.needs) {
      const next = byName.get(need);
      if (next !== undefined) visit(next, [...path, stage.name]);
    }
    done.add(stage.name);
    ordered.push(stage);
  };
  for (const stage of stages) visit(stage, []);
  return ordered;
}
