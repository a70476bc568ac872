import { boardView, tokenView } from '@slipway/api';
import type { CommandContext } from '../../cli/run-command.ts';
import { type ApiClient, apiPath } from '../../client/api-client.ts';
import { CliError } from '../../cli/cli-error.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { openLocalTarget } from '../local-target.ts';
import { type ConfigTokenOptions, usualSecret } from './token.ts';

/** Prints the token alone, so that it can go straight into a file, or puts it where pods find it; it is shown this once. */
export async function makeConfigToken(
  context: CommandContext,
  [application = '']: readonly string[],
  options: ConfigTokenOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const { environment, label } = options;
  const place = options.secret === undefined ? undefined : await placeOf(client, application, options);
  const body = { ...(environment === undefined ? {} : { environment }), ...(label === undefined ? {} : { label }) };
  const made = await client.post(apiPath`/api/v1/applications/${application}/config-tokens`, tokenView, { body });
  if (place === undefined) {
    context.answer(made, () => `${made.secret}\n`);
    return undefined;
  }
  const target = await openLocalTarget(context, options.state);
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: place,
    data: { token: Buffer.from(made.secret).toString('base64') },
  };
  const { action } = await target.apply(object, { fieldManager: 'slipway-config-token', isDryRun: false });
  const { secret: _shown, ...token } = made;
  const where = `Secret ${place.namespace}/${place.name}`;
  context.answer(
    { ...token, ...place, action },
    () => `${where} ${action}: pods that start from now on find it there.\n`,
  );
  return undefined;
}

/** Before a token is made: one that found no place would be lost. */
async function placeOf(
  client: ApiClient,
  application: string,
  options: ConfigTokenOptions,
): Promise<{ readonly name: string; readonly namespace: string }> {
  const name = typeof options.secret === 'string' ? options.secret : usualSecret;
  if (options.environment === undefined)
    throw new CliError('CLI_USAGE', '--secret puts the token into one environment; name it with --environment');
  const board = await client.get(apiPath`/api/v1/applications/${application}/board`, boardView);
  const found = board.environments.find(({ environment }) => environment === options.environment);
  if (found === undefined) {
    const known = board.environments.map(({ environment }) => environment).join(', ');
    throw new CliError('CLI_USAGE', `${application} has no environment ${options.environment}; it has ${known}`);
  }
  if (found.target !== 'local')
    throw new CliError(
      'CLI_USAGE',
      `environment ${options.environment} is on target ${found.target}; without --secret the token is printed, for its own tools`,
    );
  return { name, namespace: found.namespace };
}
