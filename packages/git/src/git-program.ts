import { HostError, programPath, runProgram, type ProgramOptions, type ProgramResult } from '@slipway/host';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { gitEnvironment, quarantineEnvironment, type GitConfig } from './git-environment.ts';
import { GitError } from './git-error.ts';

export type GitRun = Pick<ProgramOptions, 'input' | 'timeoutMs' | 'maxBytes' | 'signal' | 'accepts'> & {
  readonly config?: GitConfig;
};

/** Git bound to one repository, run as the owner of that repository. */
export interface GitProgram {
  readonly gitDir: string;
  readonly quarantine: string | undefined;
  /** @throws {@link GitError} `GIT_COMMAND_FAILED`; {@link HostError} for a time-out, too much output or no Git. */
  run(args: readonly string[], options?: GitRun): Promise<ProgramResult>;
  /** Standard output as a stream that fails when Git does; destroying it ends Git. */
  stream(args: readonly string[], options?: Pick<GitRun, 'signal' | 'timeoutMs' | 'config'>): Readable;
  /** A child with open pipes, for the caller to end. */
  start(args: readonly string[]): ChildProcessByStdio<Writable, Readable, Readable>;
}

interface Settings {
  readonly gitProgram: string;
  readonly gitDir: string;
  readonly quarantine?: string | undefined;
}

/** @throws {@link GitError} `GIT_REPOSITORY_MISSING`, `GIT_REPOSITORY_FOREIGN`. */
export async function openGitProgram(settings: Settings): Promise<GitProgram> {
  const { gitProgram, gitDir } = settings;
  const owner = await ownerOf(gitDir);
  const extra = settings.quarantine === undefined ? {} : quarantineEnvironment(gitDir, settings.quarantine);
  const environment = (config?: GitConfig): Record<string, string> => ({ ...gitEnvironment(config), ...extra });
  const all = (args: readonly string[]): string[] => [`--git-dir=${gitDir}`, ...args];
  const start: GitProgram['start'] = (args) =>
    launch({ gitProgram, owner, args: all(args), environment: environment() });
  return {
    gitDir,
    quarantine: settings.quarantine,
    run: (args, { config, ...options } = {}) =>
      runGit(gitProgram, all(args), { ...options, ...owner, cwd: '/', environment: environment(config) }),
    stream(args, { config, ...options } = {}) {
      const child = launch({ gitProgram, owner, args: all(args), environment: environment(config) });
      child.stdin.end();
      return outputOf(child, args[0] ?? 'git', options);
    },
    start,
  };
}

/** Runs Git outside of a repository, or to make one. */
export async function runGit(
  gitProgram: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  options.signal?.throwIfAborted();
  try {
    return await runProgram(gitProgram, args, options);
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== 'PROCESS_FAILED') throw error;
    throw new GitError('GIT_COMMAND_FAILED', error.message, { facts: error.facts, cause: error });
  }
}

type Owner = { readonly uid: number; readonly gid: number } | Record<string, never>;

// Git refuses the repository of another user for good reason; we become that user instead of switching the check off.
async function ownerOf(gitDir: string): Promise<Owner> {
  const found = await lstat(gitDir).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new GitError('GIT_REPOSITORY_MISSING', `${gitDir} is not a repository`);
  const me = process.getuid?.() ?? found.uid;
  if (found.uid === me) return {};
  if (me === 0) return { uid: found.uid, gid: found.gid };
  throw new GitError('GIT_REPOSITORY_FOREIGN', `${gitDir} belongs to uid ${found.uid}, this is uid ${me}`);
}

interface Launch {
  readonly gitProgram: string;
  readonly owner: Owner;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

function launch({ gitProgram, owner, args, environment }: Launch): ChildProcessByStdio<Writable, Readable, Readable> {
  const env = { PATH: programPath(), ...environment };
  return spawn(gitProgram, args, { ...owner, cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
}

function outputOf(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  verb: string,
  options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
): Readable {
  const output = new PassThrough();
  const fail = (what: string, cause?: unknown): void => {
    output.destroy(new GitError('GIT_COMMAND_FAILED', `git ${verb} ${what}`, { cause }));
  };
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-2000)));
  child.stdin.on('error', () => undefined);
  child.stdout.pipe(output, { end: false });
  child.on('error', (error) => fail('could not start', error));
  child.on('close', (code) => (code === 0 ? output.end() : fail(`failed: ${stderr.trim()}`)));
  const timer = setTimeout(() => fail('took longer than its limit'), options.timeoutMs ?? 300_000);
  const abort = (): void => void output.destroy(new DOMException('The operation was aborted', 'AbortError'));
  if (options.signal?.aborted === true) abort();
  options.signal?.addEventListener('abort', abort, { once: true });
  output.on('close', () => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
    child.stdout.destroy();
    child.kill('SIGTERM');
  });
  return output;
}
