import { programPath, type UnprivilegedUser, writeAtomically } from '@slipway/host';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RuntimeError } from '../runtime-error.ts';
import type { Machine } from './machine.ts';

/** The same file for sources and built package: both stand two folders below the package. */
const relayFile = fileURLToPath(new URL('../../relay/relay.mjs', import.meta.url));
const maxLogBytes = 1_048_576;
const startMs = 15_000;

export interface RelaySettings {
  readonly podDir: string;
  readonly socketPath: string;
  readonly logFiles: readonly [string, string];
  readonly user: UnprivilegedUser | undefined;
  readonly machine: Machine;
}

/**
 * Starts a pod's relay in a session of its own, so that it outlives us, and waits until `isUp`.
 *
 * @throws {@link RuntimeError} `RUNTIME_POD_CONFIG` when it ends or stays silent, with what it said last.
 */
export async function startRelay(
  settings: RelaySettings,
  isUp: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const { podDir, socketPath, logFiles, user, machine } = settings;
  const file = path.join(podDir, 'relay.json');
  const hasNetwork = machine.network === 'namespace';
  const content = {
    socket: socketPath,
    podDir,
    logFiles,
    maxLogBytes,
    hasNetwork,
    execPrefix: machine.execPrefix,
    ...(user === undefined ? {} : { user }),
  };
  await writeAtomically(file, JSON.stringify(content));
  const [program, ...args] = [...machine.namespaceCommand, process.execPath, relayFile, file];
  const messages = path.join(podDir, 'relay.log');
  const output = openSync(messages, 'a', 0o600);
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: { PATH: programPath() },
  });
  closeSync(output);
  const relay = { hasEnded: false };
  child.once('exit', () => (relay.hasEnded = true));
  child.once('error', () => (relay.hasEnded = true));
  child.unref();
  const until = performance.now() + startMs;
  while (performance.now() < until && !relay.hasEnded) {
    if (await isUp()) return;
    await sleep(10, undefined, { signal });
  }
  const said = await readFile(messages, 'utf8').catch(() => '');
  throw new RuntimeError('RUNTIME_POD_CONFIG', `the pod's relay did not start: ${said.trim().slice(-500)}`);
}
