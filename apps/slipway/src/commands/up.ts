import pino from 'pino';
import type { ProgramEnvironment } from '@slipway/config';
import { startPlatform } from '../platform/start-platform.ts';

/** Server and operator in this process, runtime and database beside it, until Ctrl-C. */
export async function upCommand(
  environment: ProgramEnvironment,
  options: { readonly state?: string; readonly port?: number; readonly logFile?: string },
): Promise<void> {
  const log = pino(
    { base: {} },
    options.logFile === undefined ? pino.destination(2) : pino.destination({ dest: options.logFile, mkdir: true }),
  );
  const platform = await startPlatform({
    environment,
    stateDir: options.state ?? environment.stateDir,
    port: options.port,
    withOperator: true,
    log,
    onProgress: (step) => process.stdout.write(`${step}…\n`),
    onFenced: () => process.exit(70),
  });
  process.stdout.write(`Slipway answers at ${platform.url}\n`);
  if (platform.adminLink !== undefined)
    process.stdout.write(`First admin, once and for an hour: ${platform.adminLink}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  process.stdout.write('Stopping…\n');
  await platform.stop({ isStopping: true });
}
