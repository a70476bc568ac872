import type { Cancellable, ExecutionRequest, ExecutionResult, IsolationFacts } from '@slipway/ports';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { EgressPolicy } from './address-policy.ts';
import { openGateway, type Gateway } from './gateway.ts';
import { acknowledge, writeFrame } from './input-frames.ts';
import { readLog, type LogStream } from './log-stream.ts';
import { killMarked } from './marked-processes.ts';
import { maskText } from './masker.ts';
import { collectOutputs, type OutputCollector } from './output-collector.ts';
import { commandText, writePlan } from './plan.ts';
import type { Rung, StagePlaces, Wrapped } from './rungs.ts';
import { SandboxError } from './sandbox-error.ts';
import type { Slot } from './slots.ts';
import { startStage, type StageProcess } from './stage-process.ts';
import type { Toolchain } from './toolchain.ts';
import type { Workspace } from './workspaces.ts';

/** What all executions of one executor share. */
export interface ExecutionSetting {
  readonly stateDir: string;
  readonly rung: Rung;
  readonly toolchain: Toolchain;
  readonly policy: Omit<EgressPolicy, 'allow'>;
  readonly maxProcesses: number;
  readonly maxOutputTarBytes: number;
}

export interface ExecutionParts {
  readonly request: ExecutionRequest;
  readonly sinks: { readonly onLog: (chunk: Uint8Array) => void; readonly outputDir: string };
  readonly slot: Slot;
  /** Open and empty. */
  readonly place: Workspace;
  readonly facts: IsolationFacts;
  /** Leaves the files in the workspace; else the stage's own last act is to delete them. @default false */
  readonly keepsFiles?: boolean;
}

type Ended = 'timed_out' | 'output_limit' | 'cancelled';

/** How far the driver has come, by its own words. */
interface Progress {
  command?: string;
  exitCode?: number;
  hasFinished: boolean;
  /** We ended it. */
  isKilled: boolean;
  readonly missing: string[];
}

interface Run extends ExecutionParts {
  readonly setting: ExecutionSetting;
  readonly stage: StageProcess;
  readonly collector: OutputCollector;
  readonly progress: Progress;
  /** Ends everything at once; the first reason stays. */
  stop(why: Ended | { readonly error: unknown }): void;
}

const graceMs = 3_000;
/** The driver says a line a command and an output; more is not the driver any more. */
const maxEventBytes = 1_048_576;
/** The longest that a timer of Node can wait. */
const maxTimerMs = 2_147_483_647;
/** Exit statuses by which a shell tells a signal: 128 and the signal's number. */
const signalled = { above: 128, upTo: 128 + 64 } as const;

/**
 * Runs one stage in an open workspace. When it returns or throws, no process of the stage is left; deleting the
 * workspace is the caller's.
 *
 * @returns without outputs unless the commands came to their end.
 * @throws {@link SandboxError} when the sandbox, an input or an output failed, not the commands.
 */
export async function runStage(
  setting: ExecutionSetting,
  parts: ExecutionParts,
  options: Cancellable,
): Promise<ExecutionResult> {
  const started = performance.now();
  let log: LogStream | undefined;
  let collector: OutputCollector | undefined;
  const gateway = await openGateway({
    ...{ request: parts.request, stateDir: setting.stateDir, slot: parts.slot, policy: setting.policy },
    hasOwnNetwork: setting.rung.hasOwnNetwork,
    onRefused: (line) => log?.note(line),
  });
  let why: Ended | { readonly error: unknown } | undefined;
  try {
    const { stage, wrapped } = launch(setting, parts, gateway);
    const progress: Progress = { hasFinished: false, isKilled: false, missing: [] };
    const stop: Run['stop'] = (reason) => {
      // Too late for the commands: only deleting is under way, and the verdict stands.
      if (reason !== 'timed_out' || !progress.hasFinished) why ??= reason;
      progress.isKilled = true;
      stage.kill();
    };
    const fail = (error: unknown) => stop({ error });
    log = readLog(
      stage.log,
      { ...parts.request, maxBytes: parts.request.maxOutputBytes, onLog: parts.sinks.onLog },
      () => stop('output_limit'),
    );
    const limits = { outputDir: parts.sinks.outputDir, maxBytes: setting.maxOutputTarBytes };
    collector = collectOutputs(stage.outputs, limits, fail);
    const run: Run = { ...parts, setting, stage, collector, stop, progress };
    const routes = gateway.routes(wrapped.inside.sockets ?? '');
    const plan = writePlan(parts.request, { routes, keepsFiles: parts.keepsFiles ?? false });
    await untilEnded(run, plan, options);
    await Promise.race([log.ended, pause(graceMs, undefined, { ref: false })]);
    log.close();
    const isFailed = why !== undefined || !run.progress.hasFinished;
    await collector.close(isFailed);
    collector = undefined;
    if (typeof why === 'object') throw why.error;
    return conclude(run, why, performance.now() - started);
  } finally {
    log?.close();
    await collector?.close(true);
    await gateway.close();
  }
}

function launch(
  { rung, toolchain, maxProcesses }: ExecutionSetting,
  { slot, place, request }: ExecutionParts,
  gateway: Gateway,
): { readonly stage: StageProcess; readonly wrapped: Wrapped } {
  const { workspace, home, scratch } = place;
  const sockets = gateway.sockets === undefined ? {} : { sockets: gateway.sockets };
  const places: StagePlaces = { workspace, home, scratch, passwd: slot.passwd, ...sockets };
  const user = slot.user === undefined ? {} : { user: slot.user };
  const wrapped = rung.wrap({ places, toolchain, maxProcesses, ...user });
  const [markerName = '', markerValue = ''] = place.marker.split('=');
  const stage = startStage({
    ...{ program: wrapped.program, args: wrapped.args, logPipe: slot.logPipe },
    user: wrapped.isUidDroppedBefore ? slot.user : undefined,
    environment: {
      ...{ LANG: 'C.UTF-8', CI: 'true', ...request.environment, ...gateway.environment },
      ...{ PATH: toolchain.path, HOME: wrapped.inside.home, TMPDIR: wrapped.inside.scratch, [markerName]: markerValue },
    },
  });
  return { stage, wrapped };
}

/** Talks with the driver until its first process has ended, by itself or because it was stopped; then nothing lives. */
async function untilEnded(run: Run, plan: string, options: Cancellable): Promise<void> {
  const { stage, request, setting, place } = run;
  const cancel = () => run.stop('cancelled');
  const timer = setTimeout(() => run.stop('timed_out'), Math.min(request.timeoutMs, maxTimerMs));
  options.signal?.addEventListener('abort', cancel);
  if (options.signal?.aborted === true) cancel();
  try {
    feed(run, plan).catch((error: unknown) => {
      if (!stage.input.destroyed) run.stop({ error });
    });
    const heard = listen(run).catch((error: unknown) => run.stop({ error }));
    await stage.ended;
    // Killed from outside, a namespace dies a moment after the process that we wait for; without one nothing dies by itself.
    const endedByItself = run.progress.hasFinished && !run.progress.isKilled;
    if (!setting.rung.hasOwnProcesses || !endedByItself) await killMarked(place.marker);
    await Promise.race([heard, pause(graceMs, undefined, { ref: false })]);
  } catch (cause) {
    throw new SandboxError('SANDBOX_BROKEN', `${setting.rung.label} could not be started`, { cause });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', cancel);
    stage.kill();
    stage.input.destroy();
    stage.events.destroy();
  }
}

async function feed({ stage, request }: Run, plan: string): Promise<void> {
  await writeFrame(stage.input, Buffer.from(plan));
  for (const input of request.inputs) {
    const source = input.open();
    try {
      await writeFrame(stage.input, source);
    } catch (cause) {
      throw new SandboxError('SANDBOX_INPUT_UNREADABLE', 'An input could not be read to its end', { cause });
    } finally {
      source.destroy();
    }
  }
}

async function listen(run: Run): Promise<void> {
  let left = maxEventBytes;
  run.stage.events.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) run.stop({ error: new SandboxError('SANDBOX_BROKEN', 'The sandbox says more than its driver can') });
  });
  for await (const line of createInterface({ input: run.stage.events })) await hear(run, line.split(' '));
}

async function hear(run: Run, [event, name = '', ...values]: readonly string[]): Promise<void> {
  const { stage, progress, request } = run;
  const index = Number(name);
  switch (event) {
    case 'command':
      progress.command = commandText(request.commands[index] ?? '');
      delete progress.exitCode;
      return;
    case 'exit':
      progress.exitCode = Number(values[0]);
      return;
    case 'settled':
      if (!run.setting.rung.hasOwnProcesses) await killMarked(run.place.marker, (pid) => pid === stage.pid);
      return acknowledge(stage.input);
    case 'absent':
      progress.missing.push(name);
      return;
    case 'packed':
      if (values[1] !== '0')
        throw new SandboxError('SANDBOX_OUTPUT_UNREADABLE', `Output "${name}" could not be packed`);
      if (!isAwaited(run, name)) throw new SandboxError('SANDBOX_BROKEN', 'The sandbox packed what nobody asked for');
      await run.collector.take(name, Number(values[0]));
      return acknowledge(stage.input);
    case 'unpack_failed':
      throw new SandboxError('SANDBOX_INPUT_UNREADABLE', `Input ${index + 1} could not be unpacked`);
    case 'gateway_failed':
      throw new SandboxError('SANDBOX_BROKEN', 'The stage’s network did not come up');
    case 'finished':
      progress.hasFinished = true;
      return;
    default:
      return;
  }
}

function isAwaited({ request, collector }: Run, name: string): boolean {
  return (
    request.outputs.some((output) => output.name === name) && !collector.outputs.some((taken) => taken.name === name)
  );
}

function conclude(run: Run, ended: Ended | undefined, durationMs: number): ExecutionResult {
  const { progress, request, facts, collector } = run;
  if (ended === undefined && !progress.hasFinished && progress.command === undefined) {
    throw new SandboxError('SANDBOX_BROKEN', `${run.setting.rung.label} ended before the first command`);
  }
  const { exitCode } = progress;
  const isSignalled = exitCode !== undefined && exitCode > signalled.above && exitCode <= signalled.upTo;
  const isMissing = request.outputs.some(({ name, isRequired }) => isRequired && progress.missing.includes(name));
  const outcome = ended ?? (isMissing && exitCode === 0 ? 'output_missing' : 'exited');
  return {
    outcome,
    ...(exitCode === undefined || isSignalled ? {} : { exitCode }),
    command: maskText(request.secrets, progress.command ?? ''),
    durationMs,
    facts,
    outputs: ended === undefined && progress.hasFinished ? [...collector.outputs] : [],
  };
}
