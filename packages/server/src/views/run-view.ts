import type { RunView, StageView } from '@slipway/api';
import type { PipelineRun, StageRun } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';
import { stagesOf } from '@slipway/pipeline';

/** A run with its stages, in the order of its definition. */
export async function viewRun(reader: RecordReader, run: PipelineRun): Promise<RunView> {
  const change = (await reader.get('change', run.change))?.value;
  const stages = await stagesOf(reader, run.id);
  const order = new Map(run.definition.stages.map((stage, index) => [stage.name, index]));
  const sorted = [...stages].sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
  return {
    id: run.id,
    repository: run.repository,
    pipeline: run.pipeline,
    commit: run.commit,
    change: run.change,
    subject: change?.subject ?? '',
    author: run.author,
    trigger: viewTrigger(run),
    trust: run.trust,
    phase: run.phase,
    ...(run.conclusion === undefined ? {} : { conclusion: run.conclusion }),
    createdAt: run.createdAt,
    ...(run.finishedAt === undefined
      ? {}
      : { finishedAt: run.finishedAt, durationMs: Date.parse(run.finishedAt) - Date.parse(run.createdAt) }),
    stages: sorted.map(viewStage),
  };
}

function viewTrigger(run: PipelineRun): RunView['trigger'] {
  const { trigger } = run;
  if (trigger.kind === 'push') return { kind: 'push', branch: trigger.branch };
  return trigger.kind === 'pull-request' ? { kind: 'pull-request', number: trigger.number } : { kind: 'checkout' };
}

function viewStage(stage: StageRun): StageView {
  const { name, kind, requirement, needs, phase, attempt, facts } = stage;
  const optional = {
    conclusion: stage.conclusion,
    reason: stage.reason,
    message: stage.message,
    hitOf: stage.hitOf,
    isolation: stage.isolation,
    exitCode: stage.exitCode,
    startedAt: stage.startedAt,
    finishedAt: stage.finishedAt,
    durationMs:
      stage.startedAt === undefined || stage.finishedAt === undefined
        ? undefined
        : Date.parse(stage.finishedAt) - Date.parse(stage.startedAt),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { name, kind, requirement, needs: [...needs], phase, attempt, facts: { ...facts }, ...present };
}
