import { platform } from 'node:os';
import { HostError, runProgram } from '@slipway/host';
import { CliError } from '../cli/cli-error.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { findServer } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { OpenOptions } from './open.ts';

/** Prints the address of a page and hands it to the browser; without one the printed address is the answer. */
export async function open(
  context: CommandContext,
  [page = '']: readonly string[],
  options: OpenOptions,
): Promise<ExitCode | undefined> {
  const server = await findServer(context, options);
  if (server === undefined) throw new CliError('CLI_NOT_LOGGED_IN', 'No server is known');
  const url = `${server.url}/${page.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/')}`;
  context.answer({ url }, () => url);
  if (options.print === true || context.output === 'json') return undefined;
  try {
    await runProgram(platform() === 'darwin' ? 'open' : 'xdg-open', [url], {
      environment: { PATH: context.environment.path, ...context.environment.personal },
      timeoutMs: 10_000,
      signal: context.signal,
    });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    context.progress('No browser was found on this machine: open the address yourself.');
  }
  return undefined;
}
