import { isCommitId, parseCommitId, type Branch, type CommitId } from '@slipway/domain';
import { HostError } from '@slipway/host';
import type { Cancellable, GitRemote, GitRepository } from '@slipway/ports';
import type { GitConfig } from './git-environment.ts';
import { GitError } from './git-error.ts';
import type { GitProgram, GitRun } from './git-program.ts';
import { checkHash, checkRef, checkRefspec, checkRemote } from './inputs.ts';
import { readPushReport, type PushResult } from './push-report.ts';

const timeoutMs = 600_000;

export async function fetch(
  git: GitProgram,
  source: { readonly remote: GitRemote; readonly refspecs: readonly string[] },
  options: Parameters<GitRepository['fetch']>[2] = {},
): Promise<void> {
  const { depth } = options;
  if (depth !== undefined && !(Number.isSafeInteger(depth) && depth > 0)) {
    throw new GitError('GIT_INPUT_REFUSED', `${depth} is not a depth`);
  }
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--atomic'];
  if (depth !== undefined) args.push(`--depth=${depth}`);
  await callRemote(git, source.remote, {
    args: [...args, '--', checkRemote(source.remote), ...source.refspecs.map(checkRefspec)],
    options,
  });
}

/** Never by force: a branch that moved on is an answer (`isStale`), not an error. */
export async function push(
  git: GitProgram,
  change: { readonly remote: GitRemote; readonly commit: CommitId; readonly branch: Branch },
  options: Cancellable = {},
): Promise<PushResult> {
  const ref = checkRef(`refs/heads/${change.branch}`);
  const url = checkRemote(change.remote);
  const { exitCode, stdout, stderr } = await callRemote(git, change.remote, {
    args: ['push', '--porcelain', '--no-verify', '--', url, `${checkHash(change.commit)}:${ref}`],
    accepts: [0, 1],
    options,
  });
  return readPushReport({ ref, exitCode, report: stdout.toString(), messages: stderr });
}

export async function listRemote(
  git: GitProgram,
  remote: GitRemote,
  options: Cancellable = {},
): Promise<ReadonlyMap<string, CommitId>> {
  const { stdout } = await callRemote(git, remote, {
    args: ['ls-remote', '--quiet', '--', checkRemote(remote)],
    options,
  });
  const refs = new Map<string, CommitId>();
  for (const line of stdout.toString().split('\n')) {
    const [id = '', name = ''] = line.split('\t');
    // What an annotated tag leads to follows it as `name^{}`.
    if (isCommitId(id) && name.startsWith('refs/')) refs.set(name.replace(/\^\{\}$/, ''), parseCommitId(id));
  }
  return refs;
}

interface RemoteCall {
  readonly args: readonly string[];
  readonly accepts?: readonly number[];
  readonly options: Cancellable;
}

async function callRemote(git: GitProgram, remote: GitRemote, call: RemoteCall): ReturnType<GitProgram['run']> {
  const { signal } = call.options;
  const run: GitRun = { timeoutMs, config: credentialConfig(remote), accepts: call.accepts ?? [0] };
  try {
    return await git.run(call.args, signal === undefined ? run : { ...run, signal });
  } catch (error) {
    const isOurs = error instanceof GitError || (error instanceof HostError && error.code === 'PROCESS_TIMEOUT');
    if (!isOurs) throw error;
    throw new GitError('GIT_REMOTE_FAILED', `${call.args[0] ?? 'git'}: ${error.message}`, { cause: error });
  }
}

/** Sent to this origin only, by a setting in the environment: arguments are for everybody to read. */
function credentialConfig({ url, credential }: GitRemote): GitConfig {
  if (credential === undefined || !URL.canParse(url)) return [];
  const pair = `${credential.username}:${credential.password}`;
  if (credential.username.includes(':') || /\p{Cc}/u.test(pair)) {
    throw new GitError('GIT_INPUT_REFUSED', 'A credential holds a colon in its name, or a control character');
  }
  const header = `Authorization: Basic ${Buffer.from(pair).toString('base64')}`;
  return [[`http.${new URL(url).origin}/.extraHeader`, header]];
}
