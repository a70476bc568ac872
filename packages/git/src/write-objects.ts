import { InvariantError, parseCommitId, type CommitId } from '@slipway/domain';
import type { Cancellable, GitCommitPlan, GitFileChange, GitRepository } from '@slipway/ports';
import { randomUUID } from 'node:crypto';
import { printImport, type SettledChange, type SettledPlan } from './fast-import.ts';
import { checkMessage, identityLine } from './identity.ts';
import { checkHash, checkWritablePath } from './inputs.ts';
import { missing, readFolder, type ReadContext } from './read-objects.ts';

const nobody = { name: 'Slipway', email: 'slipway@localhost' };

export async function commitChain(
  context: ReadContext,
  chain: { readonly parent: CommitId | undefined; readonly plans: readonly GitCommitPlan[] },
  options: Cancellable = {},
): Promise<readonly CommitId[]> {
  if (chain.plans.length === 0) return [];
  const { commits } = await runImport(context, { ...chain, printsTree: false }, options);
  return commits;
}

/** The commit that fast-import needs around a tree stays behind unreferenced. */
export async function writeTree(
  context: ReadContext,
  tree: { readonly base: CommitId | undefined; readonly changes: readonly GitFileChange[] },
  options: Cancellable = {},
): Promise<CommitId> {
  const base = tree.base === undefined ? undefined : await asCommit(context, tree.base, options);
  const plan = {
    changes: tree.changes,
    author: nobody,
    committer: nobody,
    message: 'tree\n',
    at: '1970-01-01T00:00:00Z',
  };
  const written = await runImport(context, { parent: base, plans: [plan], printsTree: true }, options);
  if (written.tree === undefined) throw new InvariantError('git fast-import printed no tree');
  return written.tree;
}

/** Written as bytes, so that the same commit has the same id whichever way it is made. */
export async function commitTree(
  context: ReadContext,
  commit: Parameters<GitRepository['commitTree']>[0],
  { signal }: Cancellable = {},
): Promise<CommitId> {
  const tree = await context.objects.info(checkHash(commit.tree), signal);
  if (tree?.type !== 'tree') throw missing(commit.tree, 'tree');
  const parents = await Promise.all(commit.parents.map((parent) => context.objects.info(checkHash(parent), signal)));
  const lost = parents.findIndex((parent) => parent?.type !== 'commit');
  if (lost !== -1) throw missing(commit.parents[lost] ?? '', 'commit');
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${identityLine(commit.author, commit.at)}`,
    `committer ${identityLine(commit.committer, commit.at)}`,
  ];
  const { stdout } = await context.git.run(['hash-object', '-t', 'commit', '-w', '--stdin'], {
    input: Buffer.from(`${lines.join('\n')}\n\n${checkMessage(commit.message)}`),
    ...(signal === undefined ? {} : { signal }),
  });
  return parseCommitId(stdout.toString().trim());
}

/** A bare tree is no parent: it gets a commit of fixed bytes. */
async function asCommit(context: ReadContext, treeish: CommitId, options: Cancellable): Promise<CommitId> {
  const found = await context.objects.info(checkHash(treeish), options.signal);
  if (found === undefined) throw missing(treeish, 'tree');
  if (found.type === 'commit') return treeish;
  const facts = { author: nobody, committer: nobody, message: 'tree\n', at: '1970-01-01T00:00:00Z' };
  return commitTree(context, { tree: treeish, parents: [], ...facts }, options);
}

async function runImport(
  context: ReadContext,
  chain: {
    readonly parent: CommitId | undefined;
    readonly plans: readonly GitCommitPlan[];
    readonly printsTree: boolean;
  },
  { signal }: Cancellable,
): Promise<{ readonly commits: readonly CommitId[]; readonly tree: CommitId | undefined }> {
  if (chain.parent !== undefined) {
    const parent = await context.objects.info(checkHash(chain.parent), signal);
    if (parent?.type !== 'commit') throw missing(chain.parent, 'commit');
  }
  const plans = await settleModes(context, chain, signal);
  const input = printImport({ ...chain, plans, ref: `refs/slipway/import/${randomUUID()}` });
  const { stdout } = await context.git.run(['fast-import', '--quiet', '--done'], {
    input,
    timeoutMs: 300_000,
    ...(signal === undefined ? {} : { signal }),
  });
  const lines = stdout.toString().trim().split('\n');
  const tree = chain.printsTree ? /^040000 tree ([0-9a-f]{40})/.exec(lines.pop() ?? '')?.[1] : undefined;
  if (lines.length !== plans.length) throw new InvariantError('git fast-import printed another number of commits');
  return { commits: lines.map(parseCommitId), tree: tree === undefined ? undefined : parseCommitId(tree) };
}

/** A file that is executable stays so, unless the change says otherwise. */
async function settleModes(
  context: ReadContext,
  chain: { readonly parent: CommitId | undefined; readonly plans: readonly GitCommitPlan[] },
  signal: AbortSignal | undefined,
): Promise<readonly SettledPlan[]> {
  const modes = new Map<string, string | undefined>();
  const folders = new Set<string>();
  const settle = async (change: GitFileChange): Promise<SettledChange> => {
    checkWritablePath(change.path);
    if (change.mode === undefined && chain.parent !== undefined && !modes.has(change.path)) {
      const folder = change.path.slice(0, Math.max(change.path.lastIndexOf('/'), 0));
      if (!folders.has(folder)) {
        folders.add(folder);
        const entries = (await readFolder(context, chain.parent, { path: folder, signal })) ?? [];
        for (const entry of entries) if (!modes.has(entry.path)) modes.set(entry.path, entry.mode);
      }
    }
    const mode = change.mode ?? (modes.get(change.path) === '100755' ? '100755' : '100644');
    modes.set(change.path, change.content === undefined ? undefined : mode);
    return { ...change, mode };
  };
  const settled: SettledPlan[] = [];
  for (const plan of chain.plans) {
    const changes: SettledChange[] = [];
    for (const change of plan.changes) changes.push(await settle(change));
    settled.push({ ...plan, changes });
  }
  return settled;
}
