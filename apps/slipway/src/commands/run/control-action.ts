import { runView } from '@slipway/api';
import type { ServerOptions } from '../../cli/options.ts';
import { printRun } from '../../cli/print-run.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';

/** Cancels or retries a run of the server. */
export async function controlRun(
  context: CommandContext,
  [id = '']: readonly string[],
  options: ServerOptions & { readonly verb: 'cancel' | 'retry' },
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const run = await client.post(`${apiPath`/api/v1/runs/${id}`}/${options.verb}`, runView);
  context.answer(run, () => printRun(run));
  return undefined;
}
