import { type PipelineRun, type StageRun, statementIds } from '@slipway/domain';
import { stagesOf } from '@slipway/pipeline';
import { authorsOf, type MetricPoint, notifyOutcome, type Store } from '@slipway/ports';
import type { UseCases } from './use-cases.ts';

/** After a run: its metrics, and word to the persons concerned when it failed or recovered. Success tells nobody. */
export async function settleRunEnd(cases: UseCases, id: string): Promise<void> {
  const { store, metrics } = cases.pipeline;
  const run = (await store.get('pipelineRun', id))?.value;
  if (run === undefined || run.finishedAt === undefined) return;
  const stages = await stagesOf(store, id);
  await metrics.write(measure(run, stages));
  if (run.conclusion !== 'cancelled') await tell(store, { ...run, finishedAt: run.finishedAt }, stages);
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

/** Once for each end of a run; a retry ends anew. */
async function tell(
  store: Store,
  run: PipelineRun & { readonly finishedAt: string },
  stages: readonly StageRun[],
): Promise<void> {
  const pusher = (await store.get('change', run.change))?.value.pusher;
  const isSuccess = run.conclusion === 'success';
  const about = `run/${run.id}`;
  await store.transact(async (tx) => {
    const authors = await authorsOf(tx, [run.change]);
    await notifyOutcome(
      tx,
      {
        subject: `pipeline/${run.repository}/${run.pipeline}/${placeOf(run)}`,
        isSuccess,
        // By commit, not by end: a slow run of an older commit says nothing about the newer one.
        order: `${run.createdAt} ${run.finishedAt}`,
        concerned: [...new Set([...authors, ...(pusher === undefined ? [] : [pusher])])],
      },
      {
        id: `${about}/${run.finishedAt}`,
        subjects: { failure: `${run.pipeline} failed`, recovery: `${run.pipeline} recovered` },
        body: isSuccess ? 'It passes again.' : explainFailure(stages),
        link: `/runs/${encodeURIComponent(run.id)}`,
        about,
        createdAt: run.finishedAt,
      },
    );
  });
}

/** Runs of the same branch, or of the same pull request, are compared. */
function placeOf({ trigger }: PipelineRun): string {
  if (trigger.kind === 'pull-request') return `pull-request/${trigger.number}`;
  return trigger.kind === 'push' ? `branch/${trigger.branch}` : trigger.kind;
}
