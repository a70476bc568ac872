import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { api, type Person, waitFor } from './outside.ts';
import { Supervised } from './supervised.ts';

export const program = fileURLToPath(new URL('../../../apps/slipway/bin/slipway.js', import.meta.url));

/** How an installation is run. */
export interface InstallationOptions {
  /** Server and operator are processes of their own; else one process is both. */
  readonly isApart?: boolean;
  /** PostgreSQL that runs elsewhere, in place of the embedded one. */
  readonly database?: { readonly url: string; readonly metricsUrl: string };
}

/** One installation below a folder of its own: its server, and its operator where that is a process too. */
export class Installation {
  readonly stateDir: string;
  readonly server: Supervised;
  /** Runs only where the parts are apart; needs {@link enrolOperator} once. */
  readonly operator: Supervised;
  readonly #port: number;
  readonly #options: InstallationOptions;
  #operatorToken = '';

  private constructor(stateDir: string, port: number, options: InstallationOptions) {
    this.stateDir = stateDir;
    this.#port = port;
    this.#options = options;
    const where = ['--state', stateDir, '--port', String(port), '--log-file', path.join(stateDir, 'server.log')];
    this.server = new Supervised('Slipway answers at', (crashAt) =>
      this.#spawn([options.isApart === true ? 'server' : 'up', ...where], crashAt),
    );
    const there = ['--state', stateDir, '--url', this.url, '--log-file', path.join(stateDir, 'operator.log')];
    this.operator = new Supervised('The operator of', (crashAt) => this.#spawn(['operator', ...there], crashAt));
  }

  /** A new state folder that nothing runs on yet. `port` is on loopback and this file's own. */
  static async create(port: number, options: InstallationOptions = {}): Promise<Installation> {
    const stateDir = await mkdtemp(path.join(tmpdir(), 'slipway-crash-'));
    await chmod(stateDir, 0o711);
    return new Installation(stateDir, port, options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** A token for the operator's account; what it had before ends. */
  async enrolOperator(admin: Person): Promise<void> {
    const added = await api<{ readonly secret: string }>(`${this.url}/api/v1/operators`, admin, { name: 'operator' });
    this.#operatorToken = added.secret;
  }

  /** Whatever happened before: nothing of this installation runs or lies about afterwards. */
  async remove(): Promise<void> {
    await Promise.all([this.server.cut(), this.operator.cut()]);
    for (let round = 0; round < 50; round++) {
      const left = await this.processes();
      if (left.length === 0) break;
      for (const { pid } of left) killQuietly(pid);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await rm(this.stateDir, { recursive: true, force: true });
  }

  /** `kill -9` of the postmaster, once one runs. */
  async killPostmaster(): Promise<void> {
    await killOnce('a postmaster', async () => {
      const text = await readFile(path.join(this.stateDir, 'pg/data/postmaster.pid'), 'utf8');
      return Number(text.split('\n')[0]);
    });
  }

  /** The process of the local runtime. */
  async runtimePid(): Promise<number> {
    const text = await readFile(path.join(this.stateDir, 'runtime/runtime.json'), 'utf8');
    return (JSON.parse(text) as { readonly pid: number }).pid;
  }

  /** `kill -9` of the local runtime, once one runs. */
  async killRuntime(): Promise<void> {
    await killOnce('a runtime', () => this.runtimePid());
  }

  /** Every process whose arguments, working directory or root name the state folder. */
  async processes(): Promise<readonly { readonly pid: number; readonly command: string }[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const found = await Promise.all(
      pids.map(async (pid) => {
        const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
        const places = await Promise.all(
          ['cwd', 'root'].map((name) => readlink(`/proc/${pid}/${name}`).catch(() => '')),
        );
        const isOurs = [command, ...places].some((text) => text.includes(this.stateDir));
        return isOurs ? [{ pid, command }] : [];
      }),
    );
    return found.flat();
  }

  /** Logs in by the one-time link of the first admin; once in the life of an installation. */
  async openAdmin(): Promise<Person> {
    const secret = await waitFor('the link of the first admin', () =>
      Promise.resolve(/#token=(\S+)/.exec(this.server.said)?.[1]),
    );
    const answer = await fetch(`${this.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: secret }),
    });
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    const made = await fetch(`${this.url}/api/v1/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, origin: this.url },
      body: JSON.stringify({ label: 'crash suite' }),
    });
    if (!made.ok) throw new Error(`the first login failed: ${made.status} ${await made.text()}`);
    return { account: 'admin', name: 'Admin', token: ((await made.json()) as { readonly secret: string }).secret };
  }

  /** An account with these roles and a token of its own. */
  async addPerson(
    admin: Person,
    person: { readonly account: string; readonly name: string; readonly roles: readonly string[] },
  ): Promise<Person> {
    const { account, name, roles } = person;
    const verifiedEmails = [`${account}@crash.example`];
    await api(`${this.url}/api/v1/accounts`, admin, { id: account, displayName: name, roles, verifiedEmails });
    const made = await api<{ readonly secret: string }>(`${this.url}/api/v1/accounts/${account}/tokens`, admin, {
      label: 'crash suite',
    });
    return { account, name, token: made.secret };
  }

  #spawn(args: readonly string[], crashAt: string | undefined): ChildProcess {
    const errors = openSync(path.join(this.stateDir, 'errors'), 'a');
    const { database } = this.#options;
    const child = spawn(process.execPath, [program, ...args], {
      cwd: '/',
      stdio: ['ignore', 'pipe', errors],
      env: {
        PATH: process.env['PATH'],
        HOME: this.stateDir,
        SLIPWAY_CACHE: this.stateDir,
        ...(args[0] === 'operator' ? { SLIPWAY_OPERATOR_TOKEN: this.#operatorToken } : {}),
        ...(database === undefined
          ? {}
          : { SLIPWAY_DATABASE_URL: database.url, SLIPWAY_METRICS_URL: database.metricsUrl }),
        ...(crashAt === undefined ? {} : { SLIPWAY_CRASH_AT: crashAt }),
      },
    });
    closeSync(errors);
    return child;
  }
}

/** A file may still name one that died before: then its successor is waited for. */
async function killOnce(what: string, findPid: () => Promise<number>): Promise<void> {
  await waitFor(what, async () => process.kill(await findPid(), 'SIGKILL'), 20_000);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
