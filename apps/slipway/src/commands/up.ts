import type { ProgramEnvironment } from '@slipway/config';
import { openLog } from '../platform/open-log.ts';
import { startPlatform } from '../platform/start-platform.ts';

/** What `up` and `server` are told. */
export interface UpOptions {
  readonly state?: string;
  readonly port?: number;
  readonly logFile?: string;
}

/** The server in this process, the operator too where asked, runtime and database beside it, until Ctrl-C. */
export async function upCommand(
  environment: ProgramEnvironment,
  options: UpOptions,
  settings: { readonly withOperator: boolean },
): Promise<void> {
  const log = openLog(options.logFile);
  const platform = await startPlatform({
    environment,
    stateDir: options.state ?? environment.stateDir,
    port: options.port,
    ...settings,
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
