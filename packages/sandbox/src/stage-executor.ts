import { HostError } from '@slipway/host';
import {
  isolations,
  type Cancellable,
  type ExecutionRequest,
  type ExecutionResult,
  type Isolation,
  type IsolationFacts,
  type StageExecutor,
} from '@slipway/ports';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkRequest } from './check-request.ts';
import { runStage, type ExecutionSetting } from './execution.ts';
import { probeRung } from './probe.ts';
import { rungsFor } from './rungs.ts';
import { SandboxError } from './sandbox-error.ts';
import { createSlots, type Slots } from './slots.ts';
import { makePassable, prepareToolchain, requireReachable } from './toolchain.ts';
import { deleteWorkspace, locateWorkspace, openWorkspace, sweepWorkspaces, type Workspace } from './workspaces.ts';

export interface StageExecutorOptions {
  /** One executor a state folder at a time. As root every uid must be able to pass through it (`o+x`). */
  readonly stateDir: string;
  /** Rungs that may be used. @default all */
  readonly allow?: readonly Isolation[];
  /** False: as if the kernel refused user namespaces. @default true */
  readonly mayUseUserNamespaces?: boolean;
  /** Folders outside `/usr` that stages read, such as a compiler's. @default none */
  readonly toolchain?: readonly string[];
  /** `host:port` of the own network that a stage's list may name; every other private address is refused. @default none */
  readonly internalHosts?: readonly string[];
  /** Lets the egress proxy reach loopback. For tests. @default false */
  readonly allowLoopback?: boolean;
  /** Processes and threads of one stage at once. @default 4096 */
  readonly maxProcesses?: number;
  /** Bytes of all output tars of one execution. @default 4 GiB */
  readonly maxOutputTarBytes?: number;
}

/**
 * Finds the strongest isolation that really works here, by running a stage on it, and clears what an earlier server left.
 *
 * @throws {@link SandboxError} `WORKSPACE_UNREACHABLE` when stages could not reach their workspaces, `SANDBOX_UNAVAILABLE`
 *   when nothing allowed works.
 */
export async function createStageExecutor(options: StageExecutorOptions): Promise<StageExecutor> {
  const stateDir = path.resolve(options.stateDir);
  const root = path.join(stateDir, 'workspaces');
  const folder = path.join(stateDir, 'sandbox');
  makePassable(root);
  makePassable(folder);
  const slots = createSlots(stateDir, folder);
  const sample = await slots.take();
  slots.giveBack(sample, true);
  requireReachable(root, sample.user);
  const toolchain = await prepareToolchain(folder, sample.user, options.toolchain ?? []);
  await sweepWorkspaces(root);
  const base: Omit<ExecutionSetting, 'rung'> = {
    ...{ stateDir, toolchain, maxOutputTarBytes: options.maxOutputTarBytes ?? 4_294_967_296 },
    policy: { internalHosts: options.internalHosts ?? [], allowLoopback: options.allowLoopback ?? false },
    maxProcesses: Math.min(options.maxProcesses ?? 4096, hardProcessLimit()),
  };
  const found = await climb(options, base, { slots, root });
  return executorOf(found.setting, found.facts, { slots, root });
}

interface Grounds {
  readonly slots: Slots;
  readonly root: string;
}

async function climb(
  options: StageExecutorOptions,
  base: Omit<ExecutionSetting, 'rung'>,
  { slots, root }: Grounds,
): Promise<{ readonly setting: ExecutionSetting; readonly facts: IsolationFacts }> {
  const reasons = new Set<string>();
  for (const rung of rungsFor(process.getuid?.() === 0, options.mayUseUserNamespaces ?? true)) {
    if (!(options.allow ?? isolations).includes(rung.isolation)) {
      reasons.add(`${rung.isolation}: not allowed`);
      continue;
    }
    const setting = { ...base, rung };
    const probed = await probeRung(setting, slots, root);
    if (probed.kind === 'works') {
      const because = rung.isolation === 'bubblewrap' ? '' : [...reasons].join('; ');
      return { setting, facts: { ...probed.facts, because } };
    }
    reasons.add(probed.because);
  }
  throw new SandboxError('SANDBOX_UNAVAILABLE', `No allowed isolation works here (${[...reasons].join('; ')})`);
}

function executorOf(setting: ExecutionSetting, facts: IsolationFacts, { slots, root }: Grounds): StageExecutor {
  const running = new Map<string, { readonly result: Promise<ExecutionResult>; readonly logs: Set<LogSink> }>();

  async function start(request: ExecutionRequest, logs: Set<LogSink>, rest: Rest): Promise<ExecutionResult> {
    const slot = await slots.take();
    const place = locateWorkspace(root, request.key);
    const sinks = {
      outputDir: rest.outputDir,
      onLog: (chunk: Uint8Array) => {
        for (const onLog of logs) onLog(chunk);
      },
    };
    let isClean = false;
    try {
      await openWorkspace(place, slot);
      const result = await runStage(setting, { request, sinks, slot, place, facts }, rest.options);
      isClean = true;
      return result;
    } finally {
      await leave(place);
      slots.giveBack(slot, isClean);
    }
  }

  return {
    facts,
    // A call that attaches to a running one hears its log from then on; only the first call's signal cancels.
    async execute(request, sinks, options = {}) {
      checkRequest(request, facts);
      const attached = running.get(request.key);
      if (attached !== undefined) {
        attached.logs.add(sinks.onLog);
        return attached.result;
      }
      const logs = new Set([sinks.onLog]);
      const result = start(request, logs, { outputDir: sinks.outputDir, options });
      running.set(request.key, { result, logs });
      try {
        return await result;
      } finally {
        running.delete(request.key);
      }
    },
  };
}

type LogSink = (chunk: Uint8Array) => void;

interface Rest {
  readonly outputDir: string;
  readonly options: Cancellable;
}

async function leave(place: Workspace): Promise<void> {
  try {
    await deleteWorkspace(place);
  } catch (error) {
    // What cannot be deleted now goes at the next start, or with the next run of the key; the stage's verdict stands.
    if (!(error instanceof HostError) && !(error instanceof Error && 'code' in error)) throw error;
  }
}

/** Nobody but root may lift a hard limit (getrlimit(2)). */
function hardProcessLimit(): number {
  const line = /^Max processes\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  const limit = Number(line?.[1]);
  return Number.isInteger(limit) && limit > 0 ? limit : Number.MAX_SAFE_INTEGER;
}
