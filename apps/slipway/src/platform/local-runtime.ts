import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { ProgramEnvironment } from '@slipway/config';
import { type LocalRuntime, startOrAdoptRuntime, stopRuntime } from '@slipway/runtime-local';
import { isPresent, type Part } from './presence.ts';

/** The program itself, for processes that run it. */
export const programFile = fileURLToPath(new URL('../../bin/slipway.js', import.meta.url));

/** The runtime as a process of its own; it reads its registry credential from a file only its user can read. */
export function startRuntimeProcess(root: string, environment: ProgramEnvironment): Promise<LocalRuntime> {
  return startOrAdoptRuntime({
    stateDir: root,
    command: [process.execPath, programFile, 'runtime', '--state', root],
    environment: { PATH: environment.path, HOME: root },
  });
}

/** Sees to it that a runtime runs: pods outlive a dead one, but nobody would start or probe them. */
export function keeperOf(runtime: LocalRuntime, start: () => Promise<LocalRuntime>, log: Logger): () => Promise<void> {
  let known: number | undefined;
  return async () => {
    await start();
    const { pid } = await runtime.version();
    if (known !== undefined && known !== pid) log.warn({ part: 'runtime', pid }, 'local runtime started again');
    known = pid;
  };
}

/**
 * Whoever leaves an installation last ends its runtime and pods.
 *
 * @param others - parts that may still be there; whoever calls has let go of its own, so that of two that leave together at least
 *   one sees the other gone.
 */
export async function leaveRuntime(root: string, others: readonly Part[]): Promise<void> {
  for (const other of others) if (await isPresent(root, other)) return;
  await stopRuntime(root);
}
