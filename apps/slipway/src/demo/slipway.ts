import { runProgram } from '@slipway/host';
import { programFile } from '../platform/start-platform.ts';
import type { World } from './world.ts';

/** The program as a process of its own; `world` absent means that it knows no server. */
export async function slipway(
  world: World | undefined,
  args: readonly string[],
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const login = world === undefined ? {} : { SLIPWAY_URL: world.url, SLIPWAY_TOKEN: world.admin.token };
  const result = await runProgram(process.execPath, [programFile, ...args], {
    environment: { HOME: '/nonexistent', PATH: world?.path ?? '/usr/local/bin:/usr/bin:/bin', ...login },
    accepts: [0, 1, 2, 3, 4, 5, 6],
    timeoutMs: 120_000,
  });
  return { exitCode: result.exitCode, text: `${result.stdout.toString()}${result.stderr}` };
}
