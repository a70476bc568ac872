import {
  type BakedAppConfig,
  changeId,
  type CommitId,
  type Name,
  parseBranch,
  type PullRequest,
  type Repository,
  shortCommit,
} from '@slipway/domain';
import { type GitFileChange, type GitRepository, type GitTreeEntry, notify } from '@slipway/ports';
import { readPipelines } from '../change/read-change.ts';
import { pushId, reconcileRefs } from '../change/reconcile-refs.ts';
import { openPullRequest } from '../review/open-pull-request.ts';
import type { ReviewServices } from '../review/review-services.ts';

/** What a copy may hold at most: settings, not assets. */
const limits = { bytes: 1_048_576, files: 500 } as const;

/**
 * Brings the folders that a code repository copies from app-config repositories up to their newest commits, by one pull
 * request for each of those repositories: checks, reviewers and the image's tag are those of any other change.
 *
 * Compares what stands there with what stands here, so that it is safe to repeat and the order of two commits does not matter:
 * the branch of an open request moves on, and one with nothing left to bring is removed, which closes its request.
 */
export async function bakeAppConfig(services: ReviewServices, name: Name): Promise<void> {
  const record = (await services.store.get('repository', name))?.value;
  if (record?.role !== 'code') return;
  const git = await services.openRepository(name);
  const head = await git.readRef(`refs/heads/${record.defaultBranch}`);
  if (head === undefined) return;
  const { definitions } = await readPipelines(git, head);
  const copies = definitions.flatMap(({ appConfig }) => (appConfig === undefined ? [] : [appConfig]));
  for (const source of new Set(copies.map(({ repository }) => repository))) {
    const own = copies.filter(({ repository }) => repository === source);
    await bringUp(services, { record, git, head, source, copies: own });
  }
  await reconcileRefs(services, name);
}

interface Baking {
  readonly record: Repository;
  readonly git: GitRepository;
  readonly head: CommitId;
  readonly source: Name;
  readonly copies: readonly BakedAppConfig[];
}

async function bringUp(services: ReviewServices, baking: Baking): Promise<void> {
  const { record, git, head, source } = baking;
  const from = (await services.store.get('repository', source))?.value;
  if (from?.role !== 'app-config') return;
  const settings = await services.openRepository(source);
  const commit = await settings.readRef(`refs/heads/${from.defaultBranch}`);
  if (commit === undefined) return;
  const branch = parseBranch(`slipway/app-config/${source}`);
  const pusher = (await services.store.get('push', pushId(source, `refs/heads/${from.defaultBranch}`, commit)))?.value
    .account;
  const plan = await planCopies(baking, settings, commit);
  if ('fault' in plan) return tell(services, { baking, commit, pusher, fault: plan.fault });
  const ref = `refs/heads/${branch}`;
  const known = await git.readRef(ref);
  if (plan.changes.length === 0) {
    if (known !== undefined) await git.updateRef(ref, undefined, known);
    return;
  }
  const { author, message } = await settings.readCommit(commit);
  const title = `app config ${shortCommit(commit)}: ${message.split('\n')[0] ?? ''}`.slice(0, 200);
  // A branch that brings it already stays, whatever the default branch does meanwhile: approvals are of its head.
  const isThere = known !== undefined && isEmpty(await planCopies({ ...baking, head: known }, settings, commit));
  if (!isThere) {
    const plans = { changes: plan.changes, author, committer: services.committer, at: author.at };
    const [made] = await git.commitChain(head, [
      { ...plans, message: `${title}\n\nSlipway-Source: ${changeId(source, commit)}\n` },
    ]);
    await services.checkpoint('app-config-baked');
    if (made === undefined || !(await git.updateRef(ref, made, known))) return;
  }
  const body = `The image holds files of ${source}, which are newer at ${commit}. Merging this builds it with them.`;
  const opening = { repository: record.id, source: branch, title, body, author: pusher ?? 'unknown' };
  const { id } = await openPullRequest(services, opening);
  await retitle(services, id, { title, body });
}

/** An open request that now brings a newer commit says so. */
async function retitle(
  services: ReviewServices,
  id: string,
  words: Pick<PullRequest, 'title' | 'body'>,
): Promise<void> {
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('pullRequest', id))?.value;
    if (known?.state !== 'open' || known.body === words.body) return;
    await tx.put('pullRequest', id, { ...known, ...words, updatedAt: services.now() });
  });
}

function isEmpty(plan: Plan): boolean {
  return 'changes' in plan && plan.changes.length === 0;
}

type Plan = { readonly changes: readonly GitFileChange[] } | { readonly fault: string };

/** What makes the folders here equal to those there, byte for byte. */
async function planCopies({ git, head, copies }: Baking, settings: GitRepository, commit: CommitId): Promise<Plan> {
  const changes: GitFileChange[] = [];
  for (const { repository, from, to } of copies) {
    const there = await settings.readTree(commit, { path: from });
    const fault = findFault(there, `${from} of ${repository} at ${shortCommit(commit)}`);
    if (fault !== undefined) return { fault };
    const here = new Map((await git.readTree(head, { path: to })).map(({ path, id, mode }) => [path, `${mode} ${id}`]));
    const wanted = there.map((entry) => ({ ...entry, target: `${to}${entry.path.slice(from.length)}` }));
    const newer = wanted.filter(({ target, id, mode }) => here.get(target) !== `${mode} ${id}`);
    const blobs = await settings.readBlobs(newer.map(({ id }) => id));
    if (blobs.reduce((sum, { byteLength }) => sum + byteLength, 0) > limits.bytes)
      return { fault: `${from} of ${repository} has more than ${limits.bytes} bytes` };
    changes.push(...newer.map(({ target, mode }, at) => ({ path: target, mode: fileMode(mode), content: blobs[at] })));
    const kept = new Set(wanted.map(({ target }) => target));
    for (const path of here.keys()) if (!kept.has(path)) changes.push({ path, content: undefined });
  }
  return { changes };
}

function fileMode(mode: GitTreeEntry['mode']): '100644' | '100755' {
  return mode === '100755' ? mode : '100644';
}

function findFault(entries: readonly GitTreeEntry[], where: string): string | undefined {
  if (entries.length === 0) return `${where} has no files`;
  if (entries.length > limits.files) return `${where} has ${entries.length} files; ${limits.files} are allowed`;
  const odd = entries.find(({ mode }) => mode !== '100644' && mode !== '100755');
  return odd === undefined ? undefined : `${odd.path} of ${where} is a ${odd.mode === '120000' ? 'link' : 'submodule'}`;
}

async function tell(
  services: ReviewServices,
  facts: {
    readonly baking: Baking;
    readonly commit: CommitId;
    readonly pusher: string | undefined;
    readonly fault: string;
  },
): Promise<void> {
  const { baking, commit, fault, pusher } = facts;
  const { record, source } = baking;
  await services.store.transact((tx) =>
    notify(tx, {
      id: `bake/${record.id}/${source}/${commit}`,
      kind: 'failure',
      audience: pusher === undefined ? { kind: 'role', role: 'admin' } : { kind: 'accounts', accounts: [pusher] },
      subject: `${record.id} cannot take the app config of ${source}`,
      body: `${fault}. What ${record.id} holds stays as it is; mend it there, or say another folder in its slipway.yaml.`,
      link: `/changes`,
      about: `repository/${record.id}`,
      createdAt: services.now(),
    }),
  );
}
