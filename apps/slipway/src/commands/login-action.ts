import { hostname } from 'node:os';
import { meView, tokenView } from '@slipway/api';
import { CliError } from '../cli/cli-error.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { createApiClient } from '../client/api-client.ts';
import { parseServerUrl, writeSettings } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { LoginOptions } from './login.ts';
import { readSecret } from './read-secret.ts';

/** Takes a token or a one-time link, and keeps a lasting token made with it. */
export async function login(
  context: CommandContext,
  [address = context.environment.url ?? '']: readonly string[],
  options: LoginOptions,
): Promise<ExitCode | undefined> {
  const url = parseServerUrl(address);
  const secret = await findSecret(context, new URL(address), options.token);
  const session = await openSession(context, url, secret);
  const client = createApiClient({ url, token: session, signal: context.signal });
  const me = await client.get('/api/v1/me', meView);
  const { secret: token } = await client.post('/api/v1/tokens', tokenView, {
    body: { label: `slipway login on ${hostname()}`.slice(0, 100) },
  });
  await writeSettings(context.environment.configFile, { url, token, account: me.account });
  // The session was only the way to the token; when this fails it ends by itself in hours.
  await client.delete('/api/v1/session').catch(() => undefined);
  context.answer(
    { url, account: me.account, roles: me.roles },
    () => `Logged in at ${url} as ${me.account} (${me.roles.join(', ')})`,
  );
  return undefined;
}

async function findSecret(context: CommandContext, address: URL, given: string | undefined): Promise<string> {
  if (given === '-') return readSecret();
  const linked = new URLSearchParams(address.hash.slice(1)).get('token');
  const secret = given ?? linked ?? context.environment.token;
  if (secret === undefined)
    throw new CliError('CLI_USAGE', 'There is no token: neither in the link, nor --token, nor SLIPWAY_TOKEN');
  return secret;
}

/** A session's secret; a one-time link is worth nothing afterwards. */
async function openSession(context: CommandContext, url: string, secret: string): Promise<string> {
  const headers = await createApiClient({ url, signal: context.signal }).headersOf('/api/v1/session', {
    token: secret,
  });
  const cookie = headers.get('set-cookie') ?? '';
  const [, session] = /^slipway_session=([^;]+)/.exec(cookie) ?? [];
  if (session === undefined) throw new CliError('CLI_ANSWER_UNREADABLE', 'The server opened no session');
  return decodeURIComponent(session);
}
