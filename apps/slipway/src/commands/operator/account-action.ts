import { addedOperatorView } from '@slipway/api';
import type { ServerOptions } from '../../cli/options.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';

/** Makes an operator's account; in text only the token is printed, so that it can go straight into a file. */
export async function addOperator(
  context: CommandContext,
  [name = '']: readonly string[],
  options: ServerOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const added = await client.post('/api/v1/operators', addedOperatorView, { body: { name } });
  context.answer(added, () => added.secret);
  return undefined;
}

/** Removes an operator's key; it is never taken again. */
export async function removeOperatorKey(
  context: CommandContext,
  [name = '']: readonly string[],
  options: ServerOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  await client.delete(apiPath`/api/v1/operators/${name}/key`);
  context.answer({ account: name }, () => `The key of ${name} is removed and never taken again.`);
  return undefined;
}
