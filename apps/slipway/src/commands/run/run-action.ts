import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseBranch, type PipelineDefinition, type PipelineRun, type StageRun } from '@slipway/domain';
import { takeMachineLock } from '@slipway/host';
import { cancelRun, changeOf, readPipelines, stagesOf, startRun } from '@slipway/pipeline';
import { CliError } from '../../cli/cli-error.ts';
import { LineWriter } from '../../cli/line-writer.ts';
import { LogFollower, type StageLog } from '../../cli/log-follower.ts';
import { printRun } from '../../cli/print-run.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { type ExitCode, exitCodes } from '../../exit-codes.ts';
import { findCheckout, importCheckout, type ImportedCheckout } from './import-checkout.ts';
import { type Laptop, openLaptop } from './open-laptop.ts';
import type { RunOptions } from './run.ts';

const lookEveryMs = 150;
/** Longer than a stage may take to end after it was told to. */
const cancelMs = 30_000;

/** Runs a checkout's pipelines to their end; Ctrl-C cancels them and leaves nothing running. */
export async function runCheckout(context: CommandContext, options: RunOptions): Promise<ExitCode | undefined> {
  const checkout = await findCheckout(context, options.repo);
  const stateDir = path.join(context.environment.stateDir, 'laptop');
  await mkdir(stateDir, { recursive: true });
  context.progress('Starting…');
  // One run at a time owns the database of this folder; the next one waits for its turn.
  const lock = await takeMachineLock(path.join(stateDir, 'run.lock'), { signal: context.signal });
  try {
    const laptop = await openLaptop(context, stateDir);
    try {
      const imported = await importCheckout(context, laptop, checkout);
      const runs = await startRuns(laptop, imported, options.stage);
      const finished = await watchRuns(context, laptop, runs);
      return report(context, finished);
    } finally {
      await laptop.close();
    }
  } finally {
    await lock.release();
  }
}

async function startRuns(
  laptop: Laptop,
  imported: ImportedCheckout,
  stage: string | undefined,
): Promise<readonly string[]> {
  const { repository, name, commit, directory } = imported;
  const { definitions, fault } = await readPipelines(repository, commit);
  if (fault !== undefined) throw new CliError('CLI_CHECKOUT_UNUSABLE', fault.replace(/\.$/, ''));
  const wanted = stage === undefined ? definitions : definitions.flatMap((one) => onlyStage(one, stage));
  if (wanted.length === 0) {
    const known = definitions.flatMap((one) => one.stages.map((each) => each.name)).join(', ');
    throw new CliError('CLI_USAGE', `No pipeline has a stage ${stage ?? ''}; there are ${known}`);
  }
  const change = await changeOf(repository, {
    repository: name,
    commit,
    branch: parseBranch('checkout'),
    pusher: 'checkout',
  });
  const { store, now } = laptop.cases.pipeline;
  const trigger = { kind: 'checkout', directory } as const;
  return store.transact(async (tx) => {
    const ids: string[] = [];
    for (const definition of wanted)
      ids.push(
        await startRun(
          tx,
          { change, commit, tree: change.tree, trigger, trust: 'trusted', definition, reviews: [] },
          now(),
        ),
      );
    return ids;
  });
}

/** A pipeline cut down to one stage and what that needs; nothing when it has no such stage. */
export function onlyStage(definition: PipelineDefinition, name: string): readonly PipelineDefinition[] {
  const byName = new Map<string, PipelineDefinition['stages'][number]>(
    definition.stages.map((stage) => [stage.name, stage]),
  );
  const kept = new Set<string>();
  const keep = (one: string): void => {
    if (kept.has(one)) return;
    kept.add(one);
    for (const need of byName.get(one)?.needs ?? []) keep(need);
  };
  if (!byName.has(name)) return [];
  keep(name);
  return [{ ...definition, stages: definition.stages.filter((stage) => kept.has(stage.name)) }];
}

interface FinishedRun {
  readonly run: PipelineRun;
  readonly stages: readonly StageRun[];
}

/** Prints logs as they grow, until every run has ended. After Ctrl-C the runs are cancelled first. */
async function watchRuns(
  context: CommandContext,
  laptop: Laptop,
  ids: readonly string[],
): Promise<readonly FinishedRun[]> {
  const follower = new LogFollower((log) => copyLog(context, laptop, log));
  let cancelledAt: number | undefined;
  for (;;) {
    const states = await Promise.all(ids.map((id) => readRun(laptop, id)));
    const logs = states.flatMap(({ run, stages }) =>
      stages.map((stage) => logOf(stage, ids.length > 1 ? `${run.pipeline}/` : '')),
    );
    follower.look(logs);
    if (states.every(({ run }) => run.phase === 'finished')) {
      await follower.finish(logs);
      context.signal.throwIfAborted();
      return states;
    }
    if (context.signal.aborted && cancelledAt === undefined) {
      cancelledAt = performance.now();
      context.progress('Cancelling…');
      await cancelAll(laptop, states);
    }
    if (cancelledAt !== undefined && performance.now() - cancelledAt > cancelMs) context.signal.throwIfAborted();
    await sleep(lookEveryMs);
  }
}

async function cancelAll(laptop: Laptop, states: readonly FinishedRun[]): Promise<void> {
  for (const { run } of states)
    if (run.phase !== 'finished') await cancelRun(laptop.cases.pipeline, run.id, laptop.cancelEffect);
}

function logOf(stage: StageRun, prefix: string): StageLog {
  const hasEnded = stage.phase === 'finished';
  return {
    id: `${stage.id}/${stage.attempt}`,
    prefix: `${prefix}${stage.name} | `,
    hasBegun: stage.phase === 'running' || (hasEnded && stage.logDigest !== undefined),
    hasEnded,
  };
}

async function readRun(laptop: Laptop, id: string): Promise<FinishedRun> {
  const { store } = laptop.cases.pipeline;
  const run = (await store.get('pipelineRun', id))?.value;
  if (run === undefined) throw new CliError('CLI_PIPELINE_FAILED', `Run ${id} has vanished`);
  const stages = await stagesOf(store, id);
  const order = new Map(run.definition.stages.map((stage, at) => [stage.name, at]));
  return { run, stages: [...stages].sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0)) };
}

async function copyLog(context: CommandContext, laptop: Laptop, log: StageLog): Promise<boolean> {
  const lines = new LineWriter(context.output === 'json' ? () => undefined : context.print, log.prefix);
  let hasText = false;
  // The signal of the person is not the reader's: what a cancelled stage still says is printed too.
  const reading = laptop.cases.pipeline.logs.read(log.id, { isFollowing: true, signal: laptop.signal });
  for await (const chunk of reading) {
    hasText = true;
    lines.write(chunk);
  }
  lines.end();
  return hasText;
}

function report(context: CommandContext, finished: readonly FinishedRun[]): ExitCode | undefined {
  const views = finished.map(({ run, stages }) => ({
    id: run.id,
    pipeline: run.pipeline,
    commit: run.commit,
    phase: run.phase,
    ...(run.conclusion === undefined ? {} : { conclusion: run.conclusion }),
    ...(run.finishedAt === undefined ? {} : { durationMs: Date.parse(run.finishedAt) - Date.parse(run.createdAt) }),
    stages: stages.map(viewStage),
  }));
  context.answer({ runs: views }, () => views.map(printRun).join('\n'));
  return finished.every(({ run }) => run.conclusion === 'success') ? undefined : exitCodes.failed;
}

function viewStage(stage: StageRun): Parameters<typeof printRun>[0]['stages'][number] {
  const { name, kind, requirement, needs, phase, attempt, facts } = stage;
  const { startedAt, finishedAt, conclusion, reason, message, hitOf, isolation } = stage;
  const durationMs =
    startedAt === undefined || finishedAt === undefined ? undefined : Date.parse(finishedAt) - Date.parse(startedAt);
  const rest = { startedAt, finishedAt, conclusion, reason, message, hitOf, isolation, durationMs };
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { name, kind, requirement, needs: [...needs], phase, attempt, facts: { ...facts }, ...present };
}
