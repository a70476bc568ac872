import { CliError } from '../../cli/cli-error.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { parseServerUrl } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { openLog } from '../../platform/open-log.ts';
import { startOperatorProcess } from '../../platform/start-operator.ts';
import { readSecret } from '../read-secret.ts';
import type { OperatorOptions } from './operator.ts';

/** The operator until Ctrl-C, or until its server refuses it for good. */
export async function runOperatorProcess(
  context: CommandContext,
  options: OperatorOptions,
): Promise<ExitCode | undefined> {
  const { environment, signal } = context;
  const url = parseServerUrl(options.url ?? environment.url ?? '');
  const token = await readToken(context, options);
  const operator = await startOperatorProcess({
    ...{ environment, url, token, stateDir: options.state, serverKeyFile: options.serverKey },
    log: openLog(options.logFile),
  });
  context.print(`The operator of ${url} runs; it signs with ${operator.keyId}`);
  const asked = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.race([asked, operator.ended]);
  } finally {
    context.print('Stopping…');
    await operator.stop();
  }
  return undefined;
}

async function readToken(context: CommandContext, options: OperatorOptions): Promise<string> {
  if (options.token !== undefined && options.token !== '-')
    throw new CliError('CLI_USAGE', 'Whoever lists the processes of this machine sees a token on the command line');
  const token = options.token === '-' ? await readSecret() : (context.environment.operatorToken ?? '');
  if (token === '') throw new CliError('CLI_OPERATOR_TOKEN_MISSING', 'The operator has no token');
  return token;
}
