import {
  type Branch,
  type Change,
  type CommitId,
  type Name,
  parseBranch,
  type PullRequest,
  type Push,
  type Repository,
  statementIds,
} from '@slipway/domain';
import {
  appConfigMovedEffect,
  type Effect,
  type GitRepository,
  notify,
  promotionMergedEffect,
  type StoreTransaction,
} from '@slipway/ports';
import { bakeEffect } from '../app-config/bake-effect.ts';
import { approvalRule, countingApprovals, judgeReviews } from '../review/approvals.ts';
import { finishIntendedMerges } from '../review/finish-intended-merges.ts';
import { refreshEffect } from '../review/refresh-pull-request.ts';
import type { ReviewServices } from '../review/review-services.ts';
import { startRun } from '../start-run.ts';
import { changeOf, readPipelines } from './read-change.ts';

/** Effect that looks at a config branch anew; delivery carries it out. */
const observeConfigEffect = 'delivery.observe';

/**
 * Compares a repository's branches with where they stood when last dealt with, and deals with every move.
 *
 * A push is found here and nowhere else: hooks and timers only wake it, so a crash after a push loses nothing.
 */
export async function reconcileRefs(services: ReviewServices, name: Name): Promise<void> {
  const record = (await services.store.get('repository', name))?.value;
  if (record === undefined) return;
  const repository = await services.openRepository(name);
  await finishIntendedMerges(services, record, repository);
  const known = new Map(
    (await services.store.list('refHead', { match: { repository: name }, limit: 100_000 })).map(({ value }) => [
      value.ref,
      value.commit,
    ]),
  );
  const heads = [...(await repository.listRefs())].filter(([ref]) => ref.startsWith('refs/heads/'));
  const moves = heads
    .filter(([ref, commit]) => known.get(ref) !== commit)
    .map(([ref, after]) => ({ ref, before: known.get(ref), after }));
  const gone = [...known]
    .filter(([ref]) => !heads.some(([head]) => head === ref))
    .map(([ref, before]) => ({ ref, before, after: undefined }));
  for (const move of [...moves, ...gone]) await dealWithMove(services, { record, repository, ...move });
}

interface Move {
  readonly record: Repository;
  readonly repository: GitRepository;
  readonly ref: string;
  readonly before: CommitId | undefined;
  readonly after: CommitId | undefined;
}

async function dealWithMove(services: ReviewServices, move: Move): Promise<void> {
  const { record, ref, before, after } = move;
  const branch = parseBranch(ref.slice('refs/heads/'.length));
  const isDefault = branch === record.defaultBranch;
  const settle =
    isDefault && after !== undefined ? await prepareDefault(services, { ...move, after }, branch) : undefined;
  await services.checkpoint('ref-moved');
  await services.store.transact(async (tx) => {
    const id = `${record.id}/${ref}`;
    await tx.lockName(`ref/${id}`);
    if ((await tx.get('refHead', id))?.value.commit !== before) return;
    if (after === undefined) await tx.remove('refHead', id);
    else await tx.put('refHead', id, { id, repository: record.id, ref, commit: after });
    await settle?.(tx);
    await refreshRequests(tx, record, branch, { isDefault, after });
  });
}

type Settle = (tx: StoreTransaction) => Promise<void>;

/** Reads what the move of the default branch means; what it returns writes it. */
async function prepareDefault(
  services: ReviewServices,
  move: Move & { readonly after: CommitId },
  branch: Branch,
): Promise<Settle> {
  const { record, repository, before, after } = move;
  const merged = await mergedRequests(services, move);
  if (record.role !== 'code') {
    const effects = await effectsOf(services, record, after);
    return async (tx) => {
      await settleMerged(tx, services, merged);
      for (const effect of effects) await tx.effect(effect);
    };
  }
  const pushed = (await services.store.get('push', pushId(record.id, `refs/heads/${branch}`, after)))?.value;
  const last = merged.at(-1);
  const pusher = last?.pullRequest.mergedBy ?? pushed?.account ?? 'unknown';
  const change = await changeOf(repository, { repository: record.id, commit: after, branch, pusher });
  const { definitions, fault } = await readPipelines(repository, after);
  const author = last === undefined ? change.author : await authorOfRequest(repository, last.pullRequest);
  const own = {
    ...change,
    author,
    ...(last === undefined ? {} : { pullRequest: last.pullRequest.number, subject: last.pullRequest.title }),
  };
  const trigger = { kind: 'push', branch, ...(before === undefined ? {} : { base: before }) } as const;
  return async (tx) => {
    await settleMerged(tx, services, merged);
    if (fault !== undefined) await tellPusher(tx, own, fault, services.now());
    if (definitions.some(({ appConfig }) => appConfig !== undefined)) await tx.effect(bakeEffect(record.id, after));
    for (const definition of definitions) {
      const reviews = last?.reviews ?? [];
      await startRun(
        tx,
        { change: own, commit: after, tree: change.tree, trigger, trust: 'trusted', definition, reviews },
        services.now(),
      );
    }
  };
}

/** What a repository that holds no code asks for: to look at its environments, or to pin its files there and build with them. */
async function effectsOf(
  { store }: Pick<ReviewServices, 'store'>,
  { id, role }: Repository,
  after: CommitId,
): Promise<readonly Effect[]> {
  if (role !== 'app-config')
    return [{ kind: observeConfigEffect, key: `${id}/observe/${after}`, payload: { repository: id } }];
  const code = await store.list('repository', { match: { role: 'code' } });
  const payload = { repository: id, commit: after };
  return [
    { kind: appConfigMovedEffect, key: `${id}/app-config/${after}`, payload },
    ...code.map(({ value }) => bakeEffect(value.id, after)),
  ];
}

/** Metadata of the head that was merged: the person whose change it is, not who pressed the button. */
async function authorOfRequest(
  repository: GitRepository,
  pullRequest: PullRequest,
): Promise<{ readonly name: string; readonly email: string }> {
  const { author } = await repository.readCommit(pullRequest.head);
  return { name: author.name, email: author.email };
}

interface MergedRequest {
  readonly pullRequest: PullRequest;
  readonly commit: CommitId;
  readonly approvals: readonly string[];
  /** Statements of the reviews that counted. */
  readonly reviews: readonly string[];
}

/** Open pull requests whose merge, intended by us, stands on the branch now. */
async function mergedRequests(
  services: ReviewServices,
  move: Move & { readonly after: CommitId },
): Promise<readonly MergedRequest[]> {
  const open = await services.store.list('pullRequest', { match: { repository: move.record.id, state: 'open' } });
  const merged: MergedRequest[] = [];
  for (const { value } of open) {
    const commit = value.mergedCommit;
    if (commit === undefined || (await move.repository.resolve(commit)) === undefined) continue;
    if (!(await move.repository.isAncestor(commit, move.after))) continue;
    const rule = await approvalRule(services.store, move.repository, value);
    const judged = await judgeReviews(services.store, rule, value);
    const counting = judged.filter((one) => one.decision.kind === 'counts' || one.approvesPolicy);
    merged.push({
      pullRequest: value,
      commit,
      approvals: countingApprovals(judged),
      reviews: counting.map((one) => statementIds.review(one.review.id)),
    });
  }
  return merged;
}

async function settleMerged(
  tx: StoreTransaction,
  services: ReviewServices,
  merged: readonly MergedRequest[],
): Promise<void> {
  for (const { pullRequest, commit, approvals, reviews } of merged) {
    const known = (await tx.lock('pullRequest', pullRequest.id))?.value;
    if (known?.state !== 'open') continue;
    await tx.put('pullRequest', known.id, { ...known, state: 'merged', updatedAt: services.now() });
    if (known.promotion === undefined) continue;
    const payload = { promotion: known.promotion, commit, approvals, reviews };
    await tx.effect({ kind: promotionMergedEffect, key: `${known.promotion}/merged`, payload });
  }
}

/** Requests from a branch that moved get a new head, requests into it a new merge result. */
async function refreshRequests(
  tx: StoreTransaction,
  record: Repository,
  branch: Branch,
  move: { readonly isDefault: boolean; readonly after: CommitId | undefined },
): Promise<void> {
  const open = await tx.list('pullRequest', { match: { repository: record.id, state: 'open' } });
  for (const { value } of open) {
    if (value.mergedCommit !== undefined && value.source === branch) continue;
    if (value.source === branch)
      await tx.effect(
        refreshEffect(value.id, move.after ?? value.head, move.after === undefined ? value.head : value.base),
      );
    else if (value.target === branch && move.after !== undefined)
      await tx.effect(refreshEffect(value.id, value.head, move.after));
  }
}

async function tellPusher(tx: StoreTransaction, change: Change, fault: string, now: string): Promise<void> {
  await notify(tx, {
    id: `pipeline-file/${change.id}`,
    kind: 'failure',
    audience: { kind: 'accounts', accounts: [change.pusher] },
    subject: `The pipeline file of ${change.repository} cannot be read`,
    body: fault,
    link: `/changes/${encodeURIComponent(change.id)}`,
    about: `change/${change.id}`,
    createdAt: now,
  });
}

/** Id of the record of a push, written before the ref moves. */
export function pushId(repository: Name, ref: string, after: CommitId): Push['id'] {
  return `${repository}/${ref}/${after}`;
}
