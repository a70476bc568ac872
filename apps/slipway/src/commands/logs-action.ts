import { setTimeout as sleep } from 'node:timers/promises';
import { type RunView, runView, type StageView } from '@slipway/api';
import { CliError } from '../cli/cli-error.ts';
import { LineWriter } from '../cli/line-writer.ts';
import { LogFollower, type StageLog } from '../cli/log-follower.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { type ApiClient, apiPath } from '../client/api-client.ts';
import { connectServer } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { LogsOptions } from './logs.ts';

const lookEveryMs = 400;
const maxJsonBytes = 67_108_864;

/** Prints logs as they are, or follows them to the end. */
export async function logs(
  context: CommandContext,
  [id = '', stage]: readonly string[],
  options: LogsOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const run = await client.get(apiPath`/api/v1/runs/${id}`, runView);
  const names = run.stages.map((one) => one.name);
  if (stage !== undefined && !names.includes(stage))
    throw new CliError('CLI_USAGE', `Run ${id} has no stage ${stage}; it has ${names.join(', ')}`);
  const isWanted = (one: StageView): boolean => stage === undefined || one.name === stage;
  if (context.output === 'json') return printJson(context, client, { run, stages: run.stages.filter(isWanted) });
  const logOf = (one: StageView): Log => ({
    id: `${one.name}/${one.attempt}`,
    stage: one,
    prefix: stage === undefined ? `${one.name} | ` : '',
    hasBegun: hasLog(one),
    hasEnded: one.phase === 'finished',
  });
  const copy = (log: Log, isFollowing: boolean): Promise<boolean> =>
    copyLog(client, { run: id, log, isFollowing }, new LineWriter(context.print, log.prefix));
  if (options.follow === true) {
    await follow(client, run, {
      logsOf: (now) => now.stages.filter(isWanted).map(logOf),
      copy,
      signal: context.signal,
    });
    return undefined;
  }
  for (const one of run.stages.filter(isWanted)) if (hasLog(one)) await copy(logOf(one), false);
  return undefined;
}

interface Log extends StageLog {
  readonly stage: StageView;
}

/** A stage that never began has none. */
function hasLog(stage: StageView): boolean {
  return stage.phase === 'running' || (stage.phase === 'finished' && stage.conclusion !== 'skipped');
}

interface Following {
  readonly logsOf: (run: RunView) => readonly Log[];
  readonly copy: (log: Log, isFollowing: boolean) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** Each attempt of each wanted stage is followed from when it starts; ends when none is left to come. */
async function follow(client: ApiClient, first: RunView, { logsOf, copy, signal }: Following): Promise<void> {
  const follower = new LogFollower<Log>((log) => copy(log, true));
  for (let run = first; ; run = await client.get(apiPath`/api/v1/runs/${first.id}`, runView)) {
    const logs = logsOf(run);
    follower.look(logs);
    if (run.phase === 'finished' || logs.every((log) => log.hasEnded)) return follower.finish(logs);
    await sleep(lookEveryMs, undefined, { signal });
  }
}

async function copyLog(
  client: ApiClient,
  { run, log, isFollowing }: { readonly run: string; readonly log: Log; readonly isFollowing: boolean },
  lines: LineWriter,
): Promise<boolean> {
  const query = { attempt: log.stage.attempt, follow: String(isFollowing) };
  let hasText = false;
  for await (const chunk of client.stream(apiPath`/api/v1/runs/${run}/stages/${log.stage.name}/log`, { query })) {
    hasText = true;
    lines.write(chunk);
  }
  lines.end();
  return hasText;
}

async function printJson(
  context: CommandContext,
  client: ApiClient,
  { run, stages }: { readonly run: RunView; readonly stages: readonly StageView[] },
): Promise<undefined> {
  const answer: { readonly stage: string; readonly attempt: number; readonly log: string }[] = [];
  let size = 0;
  for (const { name, attempt } of stages.filter(hasLog)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.stream(apiPath`/api/v1/runs/${run.id}/stages/${name}/log`, {
      query: { attempt },
    })) {
      size += chunk.byteLength;
      if (size > maxJsonBytes) throw new CliError('CLI_ANSWER_UNREADABLE', 'The logs are too long for one document');
      chunks.push(chunk);
    }
    answer.push({ stage: name, attempt, log: Buffer.concat(chunks).toString() });
  }
  context.answer({ run: run.id, phase: run.phase, conclusion: run.conclusion, stages: answer }, () => '');
  return undefined;
}
