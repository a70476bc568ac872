import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CommitId, isCommitId, type Name, parseCommitId, parseName, type Signature } from '@slipway/domain';
import { HostError, runProgram } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import { CliError } from '../../cli/cli-error.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import type { Laptop } from './open-laptop.ts';

/** A work tree of a person. */
export interface Checkout {
  /** Absolute path of its root. */
  readonly directory: string;
  /** Folder with the objects that it shares with its other work trees. */
  readonly objects: string;
  readonly index: string;
  /** Absent before the first commit. */
  readonly head?: CommitId;
  readonly author: Signature;
}

/** The checkout as a commit of our own repository. */
export interface ImportedCheckout {
  readonly name: Name;
  readonly repository: GitRepository;
  readonly commit: CommitId;
  readonly directory: string;
}

const gitMs = 300_000;

/** @throws {@link CliError} `CLI_CHECKOUT_UNUSABLE` for a folder that is no work tree. */
export async function findCheckout(context: CommandContext, folder: string): Promise<Checkout> {
  const ask = async (...args: readonly string[]): Promise<string> => (await git(context, folder, { args })).trim();
  try {
    const directory = await ask('rev-parse', '--show-toplevel');
    const head = await git(context, folder, {
      args: ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'],
      accepts: [0, 1],
    });
    const setting = async (name: string): Promise<string> =>
      (await git(context, folder, { args: ['config', '--get', name], accepts: [0, 1] })).trim();
    return {
      directory,
      objects: path.resolve(directory, await askIn(context, directory, 'objects')),
      index: path.resolve(directory, await askIn(context, directory, 'index')),
      ...(isCommitId(head.trim()) ? { head: parseCommitId(head.trim()) } : {}),
      author: {
        name: (await setting('user.name')) || 'Checkout',
        email: (await setting('user.email')) || 'checkout@localhost',
      },
    };
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== 'PROCESS_FAILED') throw error;
    throw new CliError('CLI_CHECKOUT_UNUSABLE', `${folder} is not a Git work tree`, { cause: error });
  }
}

async function askIn(context: CommandContext, directory: string, name: string): Promise<string> {
  return (await git(context, directory, { args: ['rev-parse', '--git-path', name] })).trim();
}

/**
 * Brings HEAD and what is not committed yet into our repository, as one commit on HEAD.
 *
 * The person's index, branches and object store are read, never written: a copy of the index is used, and new objects go to
 * a folder of their own and from there into our repository.
 */
export async function importCheckout(
  context: CommandContext,
  laptop: Pick<Laptop, 'addRepository'>,
  checkout: Checkout,
): Promise<ImportedCheckout> {
  const { directory, head, author } = checkout;
  const name = nameOf(directory);
  const repository = await laptop.addRepository(name);
  if (head !== undefined)
    await repository.fetch({ url: directory }, [`+${head}:refs/slipway/head`], { signal: context.signal });
  const tree = await writeWorkTree(context, checkout, repository);
  const at = new Date().toISOString();
  // The time in the message makes each run a commit, and so a run, of its own; equal content is found by its tree.
  const message = `Checkout of ${path.basename(directory)} at ${at}\n`;
  const parents = head === undefined ? [] : [head];
  const commit = await repository.commitTree({ tree, parents, author, committer: author, message, at });
  await repository.updateRef('refs/heads/checkout', commit, await repository.readRef('refs/heads/checkout'));
  return { name, repository, commit, directory };
}

/** The work tree as a tree object in our repository; ignored files stay out, as in a commit. */
async function writeWorkTree(
  context: CommandContext,
  checkout: Checkout,
  repository: GitRepository,
): Promise<CommitId> {
  const draft = await mkdtemp(path.join(tmpdir(), 'slipway-index-'));
  try {
    const index = path.join(draft, 'index');
    if ((await stat(checkout.index).catch(() => undefined)) !== undefined) await copyFile(checkout.index, index);
    const environment = {
      GIT_INDEX_FILE: index,
      GIT_OBJECT_DIRECTORY: path.join(repository.gitDir, 'objects'),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: `"${checkout.objects.replace(/["\\]/g, '\\$&')}"`,
    };
    const { directory } = checkout;
    await git(context, directory, { args: ['-c', 'core.fsmonitor=false', 'add', '--all', '--', '.'], environment });
    const tree = (await git(context, directory, { args: ['write-tree'], environment })).trim();
    return parseCommitId(tree);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Checkouts of one name are told apart by where they lie. */
function nameOf(directory: string): Name {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  const base = path
    .basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return parseName(base === '' ? hash : `${base}-${hash}`);
}

async function git(
  context: CommandContext,
  folder: string,
  call: {
    readonly args: readonly string[];
    readonly accepts?: readonly number[];
    readonly environment?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const { stdout } = await runProgram('git', ['-C', folder, ...call.args], {
    // The person's own settings count here: filters and line ends make the same bytes as their commit would.
    environment: { PATH: context.environment.path, ...context.environment.personal, LC_ALL: 'C', ...call.environment },
    timeoutMs: gitMs,
    signal: context.signal,
    ...(call.accepts === undefined ? {} : { accepts: call.accepts }),
  });
  return stdout.toString();
}
