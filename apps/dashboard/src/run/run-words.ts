import type { RunView, StageView } from '@slipway/api';

/** What started a run, for people. */
export function describeTrigger({ trigger }: Pick<RunView, 'trigger'>): string {
  if (trigger.kind === 'pull-request') return `pull request #${trigger.number ?? '?'}`;
  if (trigger.kind === 'push') return trigger.branch === undefined ? 'push' : `push to ${trigger.branch}`;
  return 'checkout';
}

/** `run/stage` of a hit as what to open: a stage has no slash in its name. */
export function parseHit(hitOf: string): { readonly run: string; readonly stage: string } | undefined {
  const slash = hitOf.lastIndexOf('/');
  return slash < 1 ? undefined : { run: hitOf.slice(0, slash), stage: hitOf.slice(slash + 1) };
}

/** The stage people want to see first: one that failed, else one that runs, else the last that ended. */
export function stageToShow(stages: readonly StageView[]): StageView | undefined {
  const isBad = ({ conclusion }: StageView) => conclusion === 'failure' || conclusion === 'timed_out';
  const required = stages.find((stage) => isBad(stage) && stage.requirement === 'required');
  return (
    required ??
    stages.find(isBad) ??
    stages.find(({ phase }) => phase === 'running') ??
    stages.findLast(({ phase }) => phase === 'finished') ??
    stages[0]
  );
}
