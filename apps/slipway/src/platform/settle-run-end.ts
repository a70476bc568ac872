import { type PipelineRun, type StageRun, statementIds } from '@slipway/domain';
import { stagesOf } from '@slipway/pipeline';
import type { MetricPoint } from '@slipway/ports';
import type { UseCases } from './use-cases.ts';

/** After a run: its metrics, and word to the person concerned when it failed or recovered. Success tells nobody. */
export async function settleRunEnd(cases: UseCases, id: string): Promise<void> {
  const { store, metrics, now } = cases.pipeline;
  const run = (await store.get('pipelineRun', id))?.value;
  if (run === undefined || run.finishedAt === undefined) return;
  const stages = await stagesOf(store, id);
  await metrics.write(measure(run, stages));
  const pusher = (await store.get('change', run.change))?.value.pusher;
  if (pusher === undefined) return;
  const isFailure = run.conclusion !== 'success' && run.conclusion !== 'cancelled';
  if (isFailure) await tell(cases, { run, account: pusher, kind: 'failure', body: explainFailure(stages), now: now() });
  else if (await hasRecovered(cases, run))
    await tell(cases, { run, account: pusher, kind: 'recovery', body: 'It passes again.', now: now() });
}

function measure(run: PipelineRun, stages: readonly StageRun[]): readonly MetricPoint[] {
  const at = run.finishedAt ?? run.createdAt;
  const labels = { repository: run.repository, pipeline: run.pipeline, run: run.id, trigger: run.trigger.kind };
  const point = (
    name: string,
    value: number,
    unit: string,
    rest: Readonly<Record<string, string>> = {},
  ): MetricPoint => ({
    name,
    at,
    value,
    unit,
    labels: { ...labels, ...rest },
    key: [statementIds.run(run.id, 1), at, name, ...Object.values(rest)].join('|'),
  });
  const isSuccess = run.conclusion === 'success' ? 1 : 0;
  const points = [
    point('run_duration', Date.parse(at) - Date.parse(run.createdAt), 'ms'),
    point('run_succeeded', isSuccess, 'count'),
  ];
  const perStage = stages.flatMap((stage) => {
    const own = { stage: stage.name, conclusion: stage.conclusion ?? 'none', hit: String(stage.hitOf !== undefined) };
    const duration =
      stage.startedAt === undefined || stage.finishedAt === undefined
        ? []
        : [point('stage_duration', Date.parse(stage.finishedAt) - Date.parse(stage.startedAt), 'ms', own)];
    return [...duration, ...factsOf(stage).map(([name, value, unit]) => point(name, value, unit, own))];
  });
  return [...points, ...perStage];
}

/** Test and coverage figures of a stage. */
function factsOf(stage: StageRun): readonly (readonly [string, number, string])[] {
  const tests = stage.facts['tests'] as Readonly<Record<string, unknown>> | undefined;
  const counts = Object.entries(tests ?? {}).flatMap(([name, value]) =>
    typeof value === 'number' ? [[`tests_${name}`, value, 'count'] as const] : [],
  );
  const coverage = stage.facts['coverage'] as { readonly covered: number; readonly total: number } | undefined;
  const lines =
    coverage === undefined
      ? []
      : [['coverage_lines', coverage.total === 0 ? 1 : coverage.covered / coverage.total, 'ratio'] as const];
  return [...counts, ...lines];
}

function explainFailure(stages: readonly StageRun[]): string {
  const failed = stages.filter(
    (stage) => stage.conclusion !== undefined && !['success', 'skipped', 'neutral'].includes(stage.conclusion),
  );
  return failed
    .map((stage) => `Stage ${stage.name}: ${stage.message ?? stage.reason ?? stage.conclusion ?? 'failed'}`)
    .join('\n');
}

async function hasRecovered(cases: UseCases, run: PipelineRun): Promise<boolean> {
  const match = { repository: run.repository, pipeline: run.pipeline, phase: 'finished', trigger: placeOf(run) };
  const runs = await cases.pipeline.store.list('pipelineRun', { match, newestFirst: true, limit: 2 });
  const before = runs.map((stored) => stored.value).find((other) => other.id !== run.id);
  return run.conclusion === 'success' && before?.conclusion === 'failure';
}

/** Runs of the same place: the same branch, or the same pull request. */
function placeOf(run: PipelineRun): Readonly<Record<string, unknown>> {
  const { trigger } = run;
  if (trigger.kind === 'pull-request') return { kind: trigger.kind, number: trigger.number };
  return trigger.kind === 'push' ? { kind: trigger.kind, branch: trigger.branch } : { kind: trigger.kind };
}

async function tell(
  cases: UseCases,
  facts: {
    readonly run: PipelineRun;
    readonly account: string;
    readonly kind: 'failure' | 'recovery';
    readonly body: string;
    readonly now: string;
  },
): Promise<void> {
  const { run, account, kind, body, now } = facts;
  const id = `run/${run.id}/${run.finishedAt ?? ''}`;
  const subject = kind === 'failure' ? `${run.pipeline} failed` : `${run.pipeline} recovered`;
  await cases.pipeline.store.transact((tx) =>
    tx.put('inboxItem', id, {
      id,
      account,
      kind,
      subject,
      body,
      link: `/runs/${encodeURIComponent(run.id)}`,
      createdAt: now,
    }),
  );
}
