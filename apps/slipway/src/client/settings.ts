import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomically } from '@slipway/host';
import { CliError } from '../cli/cli-error.ts';
import type { CommandContext } from '../cli/run-command.ts';
import type { ServerOptions } from '../cli/options.ts';
import { type ApiClient, createApiClient } from './api-client.ts';

/** What `login` keeps of a person; only that person can read the file. */
export interface Settings {
  readonly url: string;
  readonly token: string;
  readonly account?: string;
}

/** @throws {@link CliError} `CLI_SETTINGS_UNREADABLE`. */
export async function readSettings(file: string): Promise<Settings | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError('CLI_SETTINGS_UNREADABLE', `${file} cannot be read`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    const { url, token, account } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof url !== 'string' || typeof token !== 'string') throw new Error('a field is missing');
    return { url, token, ...(typeof account === 'string' ? { account } : {}) };
  } catch (error) {
    throw new CliError('CLI_SETTINGS_UNREADABLE', `${file} is damaged`, { cause: error });
  }
}

export async function writeSettings(file: string, settings: Settings): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeAtomically(file, `${JSON.stringify(settings, null, 2)}\n`, 0o600);
}

/** @throws {@link CliError} `CLI_USAGE` for what is not an address of a server; the text is left out, it may hold a secret. */
export function parseServerUrl(text: string): string {
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '')
    throw new CliError('CLI_USAGE', 'The address of the server is not http(s)://host[:port] without a credential');
  return url.origin;
}

/** Where to ask and as whom: flags, then variables, then the login. A kept token goes only to the server it was made by. */
export async function findServer(
  context: CommandContext,
  options: ServerOptions,
): Promise<{ readonly url: string; readonly token?: string } | undefined> {
  const { environment } = context;
  const given = options.url ?? environment.url;
  const kept = await readSettings(environment.configFile);
  const text = given ?? kept?.url;
  if (text === undefined) return undefined;
  const url = parseServerUrl(text);
  const isKept = kept !== undefined && parseServerUrl(kept.url) === url;
  const token = options.token ?? environment.token ?? (isKept ? kept.token : undefined);
  return { url, ...(token === undefined ? {} : { token }) };
}

/** @throws {@link CliError} `CLI_NOT_LOGGED_IN`. */
export async function connectServer(context: CommandContext, options: ServerOptions): Promise<ApiClient> {
  const server = await findServer(context, options);
  if (server === undefined) throw new CliError('CLI_NOT_LOGGED_IN', 'No server is known');
  if (server.token === undefined) throw new CliError('CLI_NOT_LOGGED_IN', `Nobody is logged in at ${server.url}`);
  return createApiClient({ ...server, signal: context.signal });
}
