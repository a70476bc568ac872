import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { KeptOutput } from '@slipway/domain';
import type { ExecutionRequest, ExecutionResult, StageOutput } from '@slipway/ports';
import type { StageEnd } from '../finish-stage.ts';
import { concludeExecution, describeIsolation } from './conclude-execution.ts';
import { judgeTests } from './judge-tests.ts';
import type { StageWork } from './stage-work.ts';

/** Where the package manager keeps its downloads in a workspace; relative, because every stage starts at its root. */
const downloads = '.slipway/npm';

/** Kinds `build`, `test` and `run`: commands in the sandbox, over the tree and the outputs of the stages before. */
export async function runCommands(work: StageWork): Promise<StageEnd> {
  const { services, definition } = work;
  const outputDir = await services.content.draftFolder();
  try {
    const sinks = { onLog: (chunk: Uint8Array): void => work.log.write(chunk), outputDir };
    const result = await services.executor.execute(await requestOf(work), sinks, { signal: work.signal });
    const tar = result.outputs.find((output) => output.name === 'downloads');
    if (tar !== undefined) await services.dependencies.keep(cacheKey(work), tar.file);
    const outputs = await keepOutputs(work, result);
    const end = { ...concludeExecution(result), outputs, isolation: describeIsolation(result.facts) };
    return definition.kind === 'test' ? await judgeTests(work, end) : end;
  } finally {
    await rm(outputDir, { recursive: true, force: true });
  }
}

async function requestOf(work: StageWork): Promise<ExecutionRequest> {
  const { services, run, stage, definition, needs, repository } = work;
  const usesNpm = definition.network.includes('npm');
  const cached = usesNpm ? await services.dependencies.find(cacheKey(work)) : undefined;
  const npm = { ...services.packages.environment, npm_config_cache: downloads, npm_config_prefer_offline: 'true' };
  const kept = needs.flatMap((need) => need.outputs).filter((output) => !output.name.startsWith('report-'));
  return {
    key: `${stage.id}/${stage.attempt}`,
    commands: definition.commands,
    inputs: [
      { open: () => repository.archive(run.tree) },
      ...kept.map((output) => ({ open: () => services.content.open(output.digest) })),
      ...(cached === undefined ? [] : [{ open: () => createReadStream(cached) }]),
    ],
    ...(definition.workingDirectory === '' ? {} : { workingDirectory: definition.workingDirectory }),
    environment: { npm_config_update_notifier: 'false', ...(usesNpm ? npm : {}), ...definition.environment },
    network: { allow: definition.network.map((host) => (host === 'npm' ? services.packages.host : host)) },
    outputs: [
      ...declaredOutputs(work),
      ...(usesNpm ? [{ name: 'downloads', path: downloads, isRequired: false }] : []),
    ],
    secrets: [],
    timeoutMs: definition.timeoutMs,
    maxOutputBytes: definition.maxOutputBytes,
    trust: run.trust,
  };
}

interface Reports {
  readonly junit?: string;
  readonly coverage?: string;
}

function declaredOutputs(work: StageWork): readonly StageOutput[] {
  const reports = (work.definition.options['reports'] ?? {}) as Reports;
  const report = (name: string, path: string | undefined): readonly StageOutput[] =>
    path === undefined ? [] : [{ name: `report-${name}`, path, isRequired: false }];
  return [
    ...Object.entries(work.definition.outputs).map(([name, path]) => ({ name, path, isRequired: true })),
    ...report('junit', reports.junit),
    ...report('coverage', reports.coverage),
  ];
}

/** Untrusted runs read and write a cache of their own (ci.md A2). */
function cacheKey(work: StageWork): string {
  return `${work.run.trust}/${work.run.repository}`;
}

async function keepOutputs(work: StageWork, result: ExecutionResult): Promise<readonly KeptOutput[]> {
  const kept: KeptOutput[] = [];
  for (const output of result.outputs) {
    if (output.name === 'downloads') continue;
    await work.services.content.take(output.file, output.digest);
    kept.push({ name: output.name, digest: output.digest, sizeBytes: output.sizeBytes });
  }
  return kept;
}
