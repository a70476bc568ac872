import { CodedError, type PipelineRun, type StageDefinition, type StageKind, type StageRun } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { stagesOf } from './advance-run.ts';
import { finishStage, type StageEnd } from './finish-stage.ts';
import type { PipelineServices } from './services.ts';
import { declaredFiles, stageKey } from './stage-key.ts';
import { runCommands } from './stages/command-stage.ts';
import { baseOf, judgeCoverage } from './stages/coverage-stage.ts';
import { buildImage } from './stages/image-stage.ts';
import { updateManifests } from './stages/manifests-stage.ts';
import { publish } from './stages/publish-stage.ts';
import type { StageKindWork, StageWork } from './stages/stage-work.ts';

const workOf: Readonly<Record<StageKind, StageKindWork>> = {
  build: runCommands,
  test: runCommands,
  run: runCommands,
  coverage: judgeCoverage,
  image: buildImage,
  publish,
  manifests: updateManifests,
};

/** Kinds whose work names the commit: an earlier run's result never stands for them. */
const isReusable: Readonly<Record<StageKind, boolean>> = {
  build: true,
  test: true,
  run: true,
  coverage: true,
  image: true,
  publish: false,
  manifests: false,
};

/** Which attempt of which stage an effect carries out. */
export interface StageAttempt {
  readonly stage: string;
  readonly attempt: number;
}

/**
 * The effect of one attempt: finds a valid earlier result by content, or does the work, and writes how it ended.
 * Safe to repeat: an attempt that ended already does nothing.
 */
export async function executeStage(
  services: PipelineServices,
  attempt: StageAttempt,
  signal: AbortSignal,
): Promise<void> {
  const begun = await beginAttempt(services, attempt);
  if (begun === undefined) return;
  const { run, stage, definition } = begun;
  const repository = await services.openRepository(run.repository);
  const needs = (await stagesOf(services.store, run.id)).filter((one) => definition.needs.includes(one.name));
  const key = await keyOf(services, { run, definition, needs, repository });
  const hit = await findHit(services, stage, key);
  const log = await services.logs.start(`${stage.id}/${stage.attempt}`);
  let end: StageEnd;
  try {
    const work: StageWork = { services, run, stage, definition, needs, repository, log, signal };
    end = hit === undefined ? await workOf[stage.kind](work) : reuse(work, hit);
  } catch (error) {
    if (signal.aborted) end = cancelledEnd;
    else if (error instanceof CodedError && error.retry === 'never') end = refusedEnd(error);
    else {
      await log.close();
      throw error;
    }
    log.write(Buffer.from(`${end.message ?? ''}\n`));
  }
  const { digest } = await log.close();
  await services.checkpoint('stage-worked');
  await finishStage(services, { id: stage.id, attempt: stage.attempt, key, logDigest: digest }, end);
}

/** What could not be done after all retries: the stage ends, with the error as its message. */
export async function stageErrored(services: PipelineServices, attempt: StageAttempt, error: Error): Promise<void> {
  const end: StageEnd = { conclusion: 'failure', reason: 'CouldNotRun', message: error.message };
  await finishStage(services, { id: attempt.stage, attempt: attempt.attempt }, end);
}

const cancelledEnd: StageEnd = { conclusion: 'cancelled', reason: 'Cancelled', message: 'The stage was cancelled.' };

function refusedEnd(error: CodedError): StageEnd {
  const isSandbox = error.code === 'SANDBOX_REQUIRED';
  return { conclusion: isSandbox ? 'action_required' : 'failure', reason: error.code, message: error.message };
}

function reuse(work: StageWork, hit: StageRun): StageEnd {
  work.log.write(Buffer.from(`Same content as ${hit.id}: its result stands.\n`));
  return {
    conclusion: 'success',
    reason: 'SameContent',
    hitOf: hit.hitOf ?? hit.id,
    outputs: hit.outputs,
    facts: hit.facts,
    ...(hit.isolation === undefined ? {} : { isolation: hit.isolation }),
  };
}

interface Begun {
  readonly run: PipelineRun;
  readonly stage: StageRun;
  readonly definition: StageDefinition;
}

async function beginAttempt(services: PipelineServices, attempt: StageAttempt): Promise<Begun | undefined> {
  return services.store.transact(async (tx) => {
    const stage = (await tx.lock('stageRun', attempt.stage))?.value;
    if (stage === undefined || stage.attempt !== attempt.attempt || stage.phase === 'finished') return undefined;
    const run = (await tx.get('pipelineRun', stage.run))?.value;
    const definition = run?.definition.stages.find((one) => one.name === stage.name);
    if (run === undefined || definition === undefined) return undefined;
    const running: StageRun = { ...stage, phase: 'running', startedAt: services.now() };
    await tx.put('stageRun', stage.id, running);
    return { run, stage: running, definition };
  });
}

async function keyOf(
  services: PipelineServices,
  facts: Omit<Begun, 'stage'> & { readonly needs: readonly StageRun[]; readonly repository: GitRepository },
): Promise<StageRun['key'] & string> {
  const { run, definition, needs, repository } = facts;
  const base = definition.kind === 'coverage' ? baseOf(run) : undefined;
  const baseTree = base === undefined ? undefined : (await repository.readCommit(base)).tree;
  return stageKey({
    definition,
    trust: run.trust,
    files: await declaredFiles(repository, run.tree, definition.inputs),
    needs,
    extra: {
      toolchain: services.toolchain,
      ...(baseTree === undefined ? {} : { base: baseTree }),
      ...(isReusable[definition.kind] ? {} : { commit: run.commit }),
    },
  });
}

/** An earlier success of the same content whose outputs are all still kept. */
async function findHit(services: PipelineServices, stage: StageRun, key: string): Promise<StageRun | undefined> {
  if (!isReusable[stage.kind]) return undefined;
  const match = { key, conclusion: 'success' };
  const candidates = await services.store.list('stageRun', { match, newestFirst: true, limit: 5 });
  for (const { value } of candidates) {
    if (value.id === stage.id) continue;
    const kept = await Promise.all(value.outputs.map((output) => services.content.has(output.digest)));
    if (kept.every(Boolean)) return value;
  }
  return undefined;
}
