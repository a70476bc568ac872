import { type CloneReader, evidenceBranch } from '@slipway/evidence';
import { type Branch, isCommitId } from '@slipway/domain';
import { HostError, runProgram } from '@slipway/host';
import { CliError } from '../../cli/cli-error.ts';
import type { CommandContext } from '../../cli/run-command.ts';

const gitMs = 300_000;
const maxBytes = 536_870_912;

type Git = (
  args: readonly string[],
  options?: { readonly input?: string; readonly accepts?: readonly number[] },
) => Promise<Buffer>;

/**
 * Reads an auditor's clone with Git alone; what the clone's own settings say runs no program.
 *
 * What was fetched (`refs/remotes/origin`) counts before local branches: those may be anybody's work.
 *
 * @throws {@link CliError} `CLI_FILE_UNREADABLE` when there is no such clone, `CLI_REVISION_UNKNOWN` without the branch.
 */
export async function openClone(context: CommandContext, folder: string, branch: Branch): Promise<CloneReader> {
  const git = gitIn(context, folder);
  await git(['rev-parse', '--git-dir']).catch((error: unknown) => {
    if (!(error instanceof HostError)) throw error;
    throw new CliError('CLI_FILE_UNREADABLE', `${folder} is not a Git repository`, { cause: error });
  });
  const head = await tipOf(git, branch);
  if (head === undefined) throw new CliError('CLI_REVISION_UNKNOWN', `The clone has no branch ${branch}`);
  const evidence = await tipOf(git, evidenceBranch);
  let chain: Promise<ReadonlyMap<string, number>> | undefined;
  const positions = (): Promise<ReadonlyMap<string, number>> => {
    chain ??= commitLines(git, ['rev-list', '--first-parent', '--reverse', head]).then(
      (commits) => new Map(commits.map((commit, at) => [commit, at])),
    );
    return chain;
  };
  const commitsChanging: CloneReader['commitsChanging'] = (paths) =>
    commitLines(git, ['log', '--first-parent', '--reverse', '--format=%H', head, '--', ...paths]);
  return {
    commitsChanging,
    async lastChange(commit, paths) {
      const known = await positions();
      const place = known.get(commit);
      if (place === undefined) return undefined;
      return (await commitsChanging(paths)).findLast((one) => (known.get(one) ?? Infinity) <= place);
    },
    checkpoints: () => (evidence === undefined ? Promise.resolve([]) : readCheckpoints(git, evidence)),
  };
}

function gitIn(context: CommandContext, folder: string): Git {
  return async (args, options = {}) => {
    const { stdout } = await runProgram('git', ['-C', folder, ...args], {
      environment: {
        PATH: context.environment.path,
        LC_ALL: 'C',
        HOME: '/nonexistent',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
        GIT_OPTIONAL_LOCKS: '0',
        GIT_NO_REPLACE_OBJECTS: '1',
        GIT_NO_LAZY_FETCH: '1',
        GIT_LITERAL_PATHSPECS: '1',
        GIT_CONFIG_COUNT: '4',
        GIT_CONFIG_KEY_0: 'core.hooksPath',
        GIT_CONFIG_VALUE_0: '/dev/null',
        GIT_CONFIG_KEY_1: 'core.fsmonitor',
        GIT_CONFIG_VALUE_1: 'false',
        GIT_CONFIG_KEY_2: 'log.showSignature',
        GIT_CONFIG_VALUE_2: 'false',
        GIT_CONFIG_KEY_3: 'safe.directory',
        GIT_CONFIG_VALUE_3: '*',
      },
      timeoutMs: gitMs,
      maxBytes,
      signal: context.signal,
      ...options,
    });
    return stdout;
  };
}

async function tipOf(git: Git, branch: string): Promise<string | undefined> {
  for (const place of ['refs/remotes/origin', 'refs/heads']) {
    const text = (
      await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${place}/${branch}^{commit}`], {
        accepts: [0, 1, 128],
      })
    )
      .toString()
      .trim();
    if (isCommitId(text)) return text;
  }
  return undefined;
}

async function commitLines(git: Git, args: readonly string[]): Promise<readonly string[]> {
  return (await git(args)).toString().split('\n').filter(isCommitId);
}

async function readCheckpoints(git: Git, head: string): ReturnType<CloneReader['checkpoints']> {
  const commits = await commitLines(git, [
    'log',
    '--first-parent',
    '--reverse',
    '--format=%H',
    head,
    '--',
    'checkpoint',
  ]);
  const answer = await git(['cat-file', '--batch'], {
    input: commits.map((commit) => `${commit}:checkpoint\n`).join(''),
  });
  const notes: { readonly commit: string; readonly note: string }[] = [];
  let at = 0;
  for (const commit of commits) {
    const end = answer.indexOf(0x0a, at);
    const [, type, size] = answer.subarray(at, end).toString().split(' ');
    // "missing": this commit took the file away, which is a version of it too, and one that proves nothing.
    const length = type === 'blob' ? Number(size) : 0;
    at = end + 1;
    notes.push({ commit, note: answer.subarray(at, at + length).toString() });
    if (type === 'blob') at += length + 1;
  }
  return notes;
}
