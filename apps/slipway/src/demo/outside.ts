import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from '@slipway/host';

/** How the demo looks at the product: through Git, HTTP and files, never through its inside. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
}

/** Waits until `look` answers something, asking again and again. */
export async function waitFor<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 120_000): Promise<T> {
  const until = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(150);
  }
  throw new OutsideError(
    `${what}: not seen within ${timeoutMs / 1000} s${last instanceof Error ? ` (${last.message})` : ''}`,
  );
}

/** A person at a terminal: a Git identity and a token. */
export interface Person {
  readonly account: string;
  readonly name: string;
  readonly email: string;
  readonly token: string;
}

/** Runs Git as a person would; the token goes by environment, never into a URL or a file. */
export async function git(
  person: Person,
  cwd: string,
  args: readonly string[],
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const basic = Buffer.from(`${person.account}:${person.token}`).toString('base64');
  const result = await runProgram('git', args, {
    cwd,
    timeoutMs: 120_000,
    accepts: [0, 1, 128],
    environment: {
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: person.name,
      GIT_AUTHOR_EMAIL: person.email,
      GIT_COMMITTER_NAME: person.name,
      GIT_COMMITTER_EMAIL: person.email,
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
      GIT_CONFIG_KEY_1: 'init.defaultBranch',
      GIT_CONFIG_VALUE_1: 'main',
    },
  });
  return { exitCode: result.exitCode, text: `${result.stdout.toString()}${result.stderr}` };
}

/** As {@link git}, and fails with Git's own words. */
export async function mustGit(person: Person, cwd: string, args: readonly string[]): Promise<string> {
  const { exitCode, text } = await git(person, cwd, args);
  if (exitCode !== 0) throw new OutsideError(`git ${args[0] ?? ''} ended with ${exitCode}: ${text.slice(-800)}`);
  return text.trim();
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One HTTP request; nothing is retried. */
export async function ask(
  url: string,
  options: {
    readonly method?: string;
    readonly token?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** A request of the API by a person; anything but success is an error with the server's own words. */
export async function api<T>(base: string, person: Person, path: string, body?: unknown): Promise<T> {
  const answer = await ask(`${base}${path}`, {
    token: person.token,
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
  if (answer.status >= 300) throw new OutsideError(`${path} answered ${answer.status}: ${answer.text.slice(0, 600)}`);
  return (answer.text === '' ? undefined : JSON.parse(answer.text)) as T;
}
