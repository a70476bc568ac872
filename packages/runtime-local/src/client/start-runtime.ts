import { isAlive, signalProcess, socketFolder, type ProcessIdentity } from '@slipway/host';
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endRelay } from '../pods/end-process.ts';
import { PodFolders } from '../pods/pod-record.ts';
import { RuntimeError } from '../runtime-error.ts';
import { protocolVersion } from '../server/protocol.ts';
import { socketOf } from '../server/run-runtime.ts';
import { findRuntime } from '../server/runtime-lock.ts';
import { connectRuntime, type LocalRuntime } from './connect-runtime.ts';
import { RuntimeClient } from './runtime-client.ts';

const startMs = 20_000;
const stopMs = 20_000;

/**
 * Connects to the runtime of a state folder; starts it when none runs. It lives in a session of its own and survives us; what it
 * prints is in `<stateDir>/runtime/log`.
 *
 * @param command - program and arguments of a process that calls `runRuntime` for this state folder.
 * @param environment - the process's whole environment.
 * @throws {@link RuntimeError} `RUNTIME_START_FAILED` with the end of its log; `RUNTIME_VERSION_DIFFERS`.
 */
export async function startOrAdoptRuntime(options: {
  readonly stateDir: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}): Promise<LocalRuntime> {
  const runtimeDir = path.join(options.stateDir, 'runtime');
  const runtime = connectRuntime({ stateDir: options.stateDir });
  if (await answers(runtime)) return runtime;
  await mkdir(runtimeDir, { recursive: true, mode: 0o711 });
  const logFile = path.join(runtimeDir, 'log');
  let hasEnded: (() => boolean) | undefined;
  const until = performance.now() + startMs;
  while (performance.now() < until) {
    if (await answers(runtime)) return runtime;
    // One that was killed may look alive for a moment yet: ours starts once nobody is there.
    if ((await findRuntime(runtimeDir)) === undefined) {
      // Ours may have ended because another one was faster.
      if (hasEnded?.() === true) break;
      hasEnded ??= await spawnDetached(options, logFile);
    }
    await sleep(20, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  const said = (await readFile(logFile, 'utf8').catch(() => '')).trim().slice(-2000);
  throw new RuntimeError('RUNTIME_START_FAILED', `the local runtime did not start; ${logFile} ends with: ${said}`, {
    facts: { logFile },
  });
}

async function spawnDetached(
  options: { readonly command: readonly string[]; readonly environment: Readonly<Record<string, string>> },
  logFile: string,
): Promise<() => boolean> {
  const [program = process.execPath, ...args] = options.command;
  const log = await open(logFile, 'w', 0o600);
  let hasEnded = false;
  const child = spawn(program, args, {
    detached: true,
    cwd: '/',
    env: options.environment,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.once('exit', () => (hasEnded = true));
  child.once('error', () => (hasEnded = true));
  child.unref();
  await log.close();
  return () => hasEnded;
}

async function answers(runtime: LocalRuntime): Promise<boolean> {
  const version = await runtime.version({ signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  if (version === undefined) return false;
  if (version.protocol === protocolVersion) return true;
  throw new RuntimeError(
    'RUNTIME_VERSION_DIFFERS',
    `a runtime with protocol ${version.protocol} runs (pid ${version.pid}), this is ${protocolVersion}`,
  );
}

/**
 * Ends the runtime of a state folder with all its pods; when the runtime is dead, ends the pods it left. Stored objects stay, and the
 * next runtime starts them again. Without a runtime it does nothing.
 *
 * @throws {@link RuntimeError} `RUNTIME_STOP_FAILED` when something still lives afterwards.
 */
export async function stopRuntime(stateDir: string): Promise<void> {
  const runtimeDir = path.join(stateDir, 'runtime');
  const runtime = await findRuntime(runtimeDir);
  if (runtime !== undefined) await endRuntime(stateDir, runtime);
  const folders = await PodFolders.open(path.join(runtimeDir, 'pods'));
  for (const { record, process } of await folders.list()) {
    const isEnded = process === undefined || (await endRelay(process));
    const late = isEnded ? await folders.remove(record.id) : process;
    if (late !== undefined && !(await endRelay(late)))
      throw new RuntimeError('RUNTIME_STOP_FAILED', `the pod "${record.name}" (pid ${late.pid}) still lives`);
  }
  await rm(socketFolder(stateDir, 'runtime'), { recursive: true, force: true });
}

async function endRuntime(stateDir: string, runtime: ProcessIdentity): Promise<void> {
  await new RuntimeClient(socketOf(stateDir)).call('stop', {}, { timeoutMs: stopMs }).catch(() => undefined);
  const until = performance.now() + 3000;
  while (isAlive(runtime) && performance.now() < until) await sleep(10);
  if (signalProcess(runtime, 'SIGKILL')) await sleep(50);
  if (isAlive(runtime)) throw new RuntimeError('RUNTIME_STOP_FAILED', `the runtime (pid ${runtime.pid}) still lives`);
}
