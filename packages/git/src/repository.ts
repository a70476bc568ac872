import { parseCommitId, type CommitId } from '@slipway/domain';
import type { Cancellable, GitRepository, MergeResult } from '@slipway/ports';
import { archive } from './archive.ts';
import { changedLines, diff } from './diff.ts';
import { GitError } from './git-error.ts';
import type { GitProgram } from './git-program.ts';
import { checkHash, checkPath } from './inputs.ts';
import { createObjectReader } from './object-reader.ts';
import { missing, readBlobs, readCommit, readFile, readTree, type ReadContext } from './read-objects.ts';
import { Recent } from './recent.ts';
import { listRefs, readRef, resolve, updateRef } from './refs.ts';
import { fetch, listRemote, push } from './remote.ts';
import { commitChain, commitTree, writeTree } from './write-objects.ts';

const defaultLimit = 100;
/** Trees whose listing, and whose archive when it is small, stay in memory. */
const keptTrees = 4;

/** Binds the operations to one repository and its kept reading process. */
export function createRepository(git: GitProgram): GitRepository {
  const start = (): ReturnType<GitProgram['start']> => git.start(['cat-file', '--batch-command']);
  const objects = createObjectReader(start, git.quarantine === undefined ? 10_000 : 500);
  const context: ReadContext = { git, objects, listings: new Recent(keptTrees) };
  const archives = new Recent<Buffer>(keptTrees);
  return {
    gitDir: git.gitDir,
    listRefs: (options) => listRefs(context, options),
    readRef: (ref, options) => readRef(context, ref, options),
    resolve: (revision, options) => resolve(context, revision, options),
    readCommit: (commit, options) => readCommit(context, commit, options),
    readTree: (treeish, options) => readTree(context, treeish, options),
    readFile: (treeish, path, options = {}) =>
      readFile(context, treeish, { path, signal: options.signal, maxBytes: options.maxBytes }),
    readBlobs: (ids, options) => readBlobs(context, ids, options),
    archive: (treeish, options) => archive({ git, archives }, treeish, options),
    mergeBase: (a, b, options) => mergeBase(context, { a, b }, options),
    isAncestor: (ancestor, descendant, options) => isAncestor(context, { ancestor, descendant }, options),
    merge: (ours, theirs, options) => merge(context, { ours, theirs }, options),
    diff: (base, head, options) => diff(git, { base, head }, options),
    changedLines: (base, head, options) => changedLines(git, { base, head }, options),
    log: (head, options) => log(context, head, options),
    writeTree: (base, changes, options) => writeTree(context, { base, changes }, options),
    commitTree: (commit, options) => commitTree(context, commit, options),
    commitChain: (parent, plans, options) => commitChain(context, { parent, plans }, options),
    updateRef: (ref, next, expected, options) => updateRef(context, { ref, next, expected }, options),
    fetch: (remote, refspecs, options) => fetch(git, { remote, refspecs }, options),
    push: (remote, commit, branch, options) => push(git, { remote, commit, branch }, options),
    listRemote: (remote, options) => listRemote(git, remote, options),
  };
}

function cancelled({ signal }: Cancellable): Cancellable {
  return signal === undefined ? {} : { signal };
}

async function mergeBase(
  context: ReadContext,
  { a, b }: { readonly a: CommitId; readonly b: CommitId },
  options: Cancellable = {},
): Promise<CommitId | undefined> {
  await checkCommits(context, [a, b], options);
  const args = ['merge-base', '--end-of-options', a, b];
  const { exitCode, stdout } = await context.git.run(args, { accepts: [0, 1], ...cancelled(options) });
  return exitCode === 0 ? parseCommitId(stdout.toString().trim()) : undefined;
}

async function isAncestor(
  context: ReadContext,
  pair: { readonly ancestor: CommitId; readonly descendant: CommitId },
  options: Cancellable = {},
): Promise<boolean> {
  await checkCommits(context, [pair.ancestor, pair.descendant], options);
  const args = ['merge-base', '--is-ancestor', '--end-of-options', pair.ancestor, pair.descendant];
  const { exitCode } = await context.git.run(args, { accepts: [0, 1], ...cancelled(options) });
  return exitCode === 0;
}

/** Histories without a common commit conflict, in no path. */
async function merge(
  context: ReadContext,
  { ours, theirs }: { readonly ours: CommitId; readonly theirs: CommitId },
  options: Cancellable = {},
): Promise<MergeResult> {
  await checkCommits(context, [ours, theirs], options);
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs];
  try {
    const { exitCode, stdout } = await context.git.run(args, { accepts: [0, 1], ...cancelled(options) });
    const [tree = '', ...paths] = stdout
      .toString()
      .split('\0')
      .filter((part) => part !== '');
    if (exitCode === 0) return { kind: 'clean', tree: parseCommitId(tree) };
    return { kind: 'conflict', paths: [...new Set(paths)] };
  } catch (error) {
    const isUnrelated = error instanceof GitError && (await mergeBase(context, { a: ours, b: theirs })) === undefined;
    if (isUnrelated) return { kind: 'conflict', paths: [] };
    throw error;
  }
}

async function log(
  context: ReadContext,
  head: CommitId,
  options: Parameters<GitRepository['log']>[1] = {},
): ReturnType<GitRepository['log']> {
  const { since, limit = defaultLimit, path = '' } = options;
  if (!(Number.isSafeInteger(limit) && limit >= 0)) throw new GitError('GIT_INPUT_REFUSED', `${limit} is not a limit`);
  await checkCommits(context, since === undefined ? [head] : [head, since], options);
  const range = since === undefined ? [head] : [head, `^${since}`];
  const paths = checkPath(path) === '' ? [] : [path];
  const { stdout } = await context.git.run(
    ['rev-list', `--max-count=${limit}`, '--end-of-options', ...range, '--', ...paths],
    cancelled(options),
  );
  const ids = stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return Promise.all(ids.map((id) => readCommit(context, parseCommitId(id), cancelled(options))));
}

/** Tells "no such commit" from Git's other failures, which share one exit code. */
async function checkCommits(
  { objects }: ReadContext,
  commits: readonly CommitId[],
  { signal }: Cancellable,
): Promise<void> {
  await Promise.all(
    commits.map(async (commit) => {
      const found = await objects.info(`${checkHash(commit)}^{commit}`, signal);
      if (found === undefined) throw missing(commit, 'commit');
    }),
  );
}
