import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { api, type Person, waitFor } from './outside.ts';

export const program = fileURLToPath(new URL('../../../apps/slipway/bin/slipway.js', import.meta.url));

/** How one life of the server ended. */
export interface Death {
  readonly signal: NodeJS.Signals | undefined;
  readonly code: number | undefined;
}

/** More restarts than any case needs: a server that dies again and again ends the case. */
const mostDeaths = 40;

/**
 * One installation, and whoever starts its server again: every end that was not asked for is written down in `deaths`, and
 * followed by a start without a checkpoint.
 */
export class Installation {
  readonly stateDir: string;
  readonly #port: number;
  #deaths: Death[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #mayRestart = false;
  #said = '';

  private constructor(stateDir: string, port: number) {
    this.stateDir = stateDir;
    this.#port = port;
  }

  /** A new state folder that nothing runs on yet. `port` is on loopback and this file's own. */
  static async create(port: number): Promise<Installation> {
    const stateDir = await mkdtemp(path.join(tmpdir(), 'slipway-crash-'));
    await chmod(stateDir, 0o711);
    return new Installation(stateDir, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Ends that nobody asked for since the last {@link start}. */
  get deaths(): readonly Death[] {
    return this.#deaths;
  }

  /** What the server printed since the last start. */
  get said(): string {
    return this.#said;
  }

  /** Starts the server, to die at a checkpoint where one is named, and waits until it answers. */
  async start(crashAt?: string): Promise<void> {
    this.#deaths = [];
    this.#mayRestart = true;
    this.#spawn(crashAt);
    await this.answers();
  }

  /** Waits until the server of this life answers. */
  async answers(): Promise<void> {
    await waitFor('an answer of the server', () =>
      this.#said.includes('Slipway answers at') ? Promise.resolve(true) : Promise.resolve(undefined),
    );
  }

  /** `kill -9` of the server; it is started again. */
  killServer(): void {
    this.#child?.kill('SIGKILL');
  }

  /** `kill -9` without a restart; runtime, pods and database live on. */
  async cut(): Promise<void> {
    this.#mayRestart = false;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** A clean stop, as with Ctrl-C. @returns the exit code. */
  async stop(): Promise<number | undefined> {
    this.#mayRestart = false;
    const child = this.#child;
    child?.kill('SIGTERM');
    await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, 30_000).unref())]);
    return child?.exitCode ?? undefined;
  }

  /** Whatever happened before: nothing of this installation runs or lies about afterwards. */
  async remove(): Promise<void> {
    await this.cut();
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
      Promise.resolve(/#token=(\S+)/.exec(this.#said)?.[1]),
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

  #spawn(crashAt: string | undefined): void {
    this.#said = '';
    const errors = openSync(path.join(this.stateDir, 'errors'), 'a');
    const args = [program, 'up', '--state', this.stateDir, '--port', String(this.#port)];
    const child = spawn(process.execPath, [...args, '--log-file', path.join(this.stateDir, 'server.log')], {
      cwd: '/',
      stdio: ['ignore', 'pipe', errors],
      env: {
        PATH: process.env['PATH'],
        HOME: this.stateDir,
        SLIPWAY_CACHE: this.stateDir,
        ...(crashAt === undefined ? {} : { SLIPWAY_CRASH_AT: crashAt }),
      },
    });
    child.stdout?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve();
        if (!this.#mayRestart) return;
        this.#deaths.push({ signal: signal ?? undefined, code: code ?? undefined });
        if (this.#deaths.length < mostDeaths) this.#spawn(undefined);
      });
    });
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
