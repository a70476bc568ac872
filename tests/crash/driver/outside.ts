import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A person of the installation: Git identity and token. */
export interface Person {
  readonly account: string;
  readonly name: string;
  readonly token: string;
}

/** Asks again and again, also while nobody answers, until `look` finds something. Times in milliseconds. */
export async function waitFor<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const until = Date.now() + timeoutMs;
  let last = '';
  while (Date.now() < until) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      last = '';
    } catch (error) {
      last = error instanceof Error ? `: ${error.message}` : '';
    }
    await sleep(50);
  }
  throw new Error(`${what} was not seen within ${timeoutMs / 1000} s${last}`);
}

/** One request of the API; nothing is retried. @throws for anything but success, with the server's words. */
export async function api<T>(url: string, person: Pick<Person, 'token'>, body?: unknown): Promise<T> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${person.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as T;
}

/** Runs Git as a person does; the token goes by environment. @returns standard output. */
export async function git(person: Person, cwd: string, args: readonly string[]): Promise<string> {
  const basic = Buffer.from(`${person.account}:${person.token}`).toString('base64');
  const { stdout } = await execute('git', [...args], {
    cwd,
    timeout: 30_000,
    maxBuffer: 67_108_864,
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: person.name,
      GIT_AUTHOR_EMAIL: `${person.account}@crash.example`,
      GIT_COMMITTER_NAME: person.name,
      GIT_COMMITTER_EMAIL: `${person.account}@crash.example`,
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
      GIT_CONFIG_KEY_1: 'init.defaultBranch',
      GIT_CONFIG_VALUE_1: 'main',
    },
  });
  return stdout.trim();
}

/** The product's program to its end. @returns exit code and everything it said. */
export async function runSlipway(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, ...args],
      {
        timeout: 60_000,
        maxBuffer: 67_108_864,
        env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...environment },
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number')
          reject(new Error(`${args.join(' ')} did not end by itself`, { cause: error }));
        else resolve({ code: error === null ? 0 : Number(error.code), text: `${stdout}${stderr}` });
      },
    );
  });
}
