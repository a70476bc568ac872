import { tokenView } from '@slipway/api';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';
import type { ConfigTokenOptions } from './token.ts';

/** Prints the secret alone, so that it can go straight into a file; it is shown this once. */
export async function makeConfigToken(
  context: CommandContext,
  [application = '']: readonly string[],
  options: ConfigTokenOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const { environment, label } = options;
  const body = { ...(environment === undefined ? {} : { environment }), ...(label === undefined ? {} : { label }) };
  const made = await client.post(apiPath`/api/v1/applications/${application}/config-tokens`, tokenView, { body });
  context.answer(made, () => `${made.secret}\n`);
  return undefined;
}
