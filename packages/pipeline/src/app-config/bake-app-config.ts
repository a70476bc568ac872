import {
  appConfigLimits,
  type BakedAppConfig,
  changeId,
  type CommitId,
  findCopyFault,
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
  const complain = (fault: string): Promise<void> => tell(services, { baking, commit, pusher, fault });
  const there = await readFolders(baking.copies, settings, commit);
  if (typeof there === 'string') return complain(there);
  const ref = `refs/heads/${branch}`;
  const known = await git.readRef(ref);
  const difference = await compare(baking, head, there);
  if (isNothing(difference)) {
    if (known !== undefined) await git.updateRef(ref, undefined, known);
    return;
  }
  const { author, message } = await settings.readCommit(commit);
  const title = `app config ${shortCommit(commit)}: ${message.split('\n')[0] ?? ''}`.slice(0, 200);
  // A branch that brings it already stays, whatever the default branch does meanwhile: approvals are of its head.
  if (known === undefined || !isNothing(await compare(baking, known, there))) {
    const changes = await readChanges(difference, settings);
    if (typeof changes === 'string') return complain(changes);
    const plan = { changes, author, committer: services.committer, at: author.at };
    const [made] = await git.commitChain(head, [
      { ...plan, message: `${title}\n\nSlipway-Source: ${changeId(source, commit)}\n` },
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

interface Difference {
  /** Files there that are missing or other here, with their path here. */
  readonly newer: readonly (GitTreeEntry & { readonly target: string })[];
  /** Paths here that are not there. */
  readonly gone: readonly string[];
}

/** What keeps the folders at a commit here from being those there, by the ids of their files. */
async function compare(
  { git, copies }: Baking,
  here: CommitId,
  there: ReadonlyMap<BakedAppConfig, readonly GitTreeEntry[]>,
): Promise<Difference> {
  const newer: Difference['newer'][number][] = [];
  const gone: string[] = [];
  for (const copy of copies) {
    const entries = await git.readTree(here, { path: copy.to });
    const known = new Map(entries.map(({ path, id, mode }) => [path, `${mode} ${id}`]));
    const wanted = (there.get(copy) ?? []).map((entry) => ({ ...entry, target: `${copy.to}/${entry.path}` }));
    newer.push(...wanted.filter(({ target, id, mode }) => known.get(target) !== `${mode} ${id}`));
    const kept = new Set(wanted.map(({ target }) => target));
    gone.push(...[...known.keys()].filter((path) => !kept.has(path)));
  }
  return { newer, gone };
}

function isNothing({ newer, gone }: Difference): boolean {
  return newer.length === 0 && gone.length === 0;
}

/** The files to copy, paths from their folder. @returns why they cannot be, as text. */
async function readFolders(
  copies: readonly BakedAppConfig[],
  settings: GitRepository,
  commit: CommitId,
): Promise<ReadonlyMap<BakedAppConfig, readonly GitTreeEntry[]> | string> {
  const folders = new Map<BakedAppConfig, readonly GitTreeEntry[]>();
  for (const copy of copies) {
    const entries = await settings.readTree(commit, { path: copy.from });
    if (entries.length === 0) return `${copy.from} of ${copy.repository} at ${shortCommit(commit)} has no files`;
    const files = entries.map((entry) => ({ ...entry, path: entry.path.slice(copy.from.length + 1) }));
    const fault = findCopyFault(files, copy.from);
    if (fault !== undefined) return fault;
    folders.set(copy, files);
  }
  return folders;
}

/** @returns why it cannot be read, as text. */
async function readChanges(
  { newer, gone }: Difference,
  settings: GitRepository,
): Promise<readonly GitFileChange[] | string> {
  const blobs = await settings.readBlobs(newer.map(({ id }) => id));
  const bytes = blobs.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes > appConfigLimits.bytes)
    return `What is newer has ${bytes} bytes together; ${appConfigLimits.bytes} are allowed`;
  return [
    ...newer.map(({ target, mode }, at) => ({ path: target, mode: fileMode(mode), content: blobs[at] })),
    ...gone.map((path) => ({ path, content: undefined })),
  ];
}

function fileMode(mode: GitTreeEntry['mode']): '100644' | '100755' {
  return mode === '100755' ? mode : '100644';
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
