import type { PullRequestSummary, PullRequestView } from '@slipway/api';
import { diffEnvironments } from '@slipway/delivery';
import { type Account, CodedError, type PullRequest } from '@slipway/domain';
import { approvalRule, judgeApproval, type MergeState, readMergeState } from '@slipway/pipeline';
import type { ServerServices } from '../server-services.ts';

export function summarisePullRequest(pullRequest: PullRequest): PullRequestSummary {
  const { repository, number, title, author, source, target, state, promotion, createdAt, updatedAt } = pullRequest;
  return {
    repository,
    number,
    title,
    author,
    source,
    target,
    state,
    ...(promotion === undefined ? {} : { promotion }),
    createdAt,
    updatedAt,
  };
}

/** A pull request with all a reviewer needs, and what the asking account may do with it. */
export async function viewPullRequest(
  services: ServerServices,
  pullRequest: PullRequest,
  account: Account,
): Promise<PullRequestView> {
  const { store } = services.review;
  const repository = await services.review.openRepository(pullRequest.repository);
  const merge = await readMergeState(store, repository, pullRequest, services.review.now());
  const comments = await store.list('lineComment', { match: { pullRequest: pullRequest.id } });
  const head = pullRequest.mergedCommit ?? pullRequest.mergeCommit ?? pullRequest.head;
  const rendered = await renderedDiff(services, pullRequest, head);
  return {
    ...summarisePullRequest(pullRequest),
    body: pullRequest.body,
    head: pullRequest.head,
    base: pullRequest.base,
    ...(pullRequest.mergeCommit === undefined ? {} : { mergeCommit: pullRequest.mergeCommit }),
    ...(pullRequest.state === 'merged' && pullRequest.mergedCommit !== undefined
      ? { mergedCommit: pullRequest.mergedCommit }
      : {}),
    ...(pullRequest.state === 'merged' && pullRequest.mergedBy !== undefined ? { mergedBy: pullRequest.mergedBy } : {}),
    conflicts: [...pullRequest.conflicts],
    diff: await repository.diff(pullRequest.base, head),
    ...(rendered === undefined ? {} : { renderedDiff: rendered }),
    checks: await viewChecks(services, pullRequest, merge),
    ...(merge.policyChanges.length === 0
      ? {}
      : { policyChanges: merge.policyChanges.map(({ message }) => `Policy change: ${message}`) }),
    reviews: merge.reviews.map(({ review, decision, approvesPolicy }) => ({
      account: review.account,
      verdict: review.verdict,
      body: review.body,
      head: review.head,
      createdAt: review.createdAt,
      counts: decision.kind === 'counts' || approvesPolicy,
      ...(approvesPolicy ? { approvesPolicy } : {}),
      ...(decision.kind === 'counts' || approvesPolicy || review.verdict !== 'approved'
        ? {}
        : { reason: decision.message }),
    })),
    comments: comments.map(({ value }) => ({
      account: value.account,
      path: value.path,
      line: value.line,
      body: value.body,
      createdAt: value.createdAt,
    })),
    canMerge: {
      isAllowed: merge.decision.kind === 'allowed',
      unmet: merge.decision.kind === 'allowed' ? [] : [...merge.decision.unmet],
    },
    canApprove: await mayApprove(services, pullRequest, account),
  };
}

/** Runs on the merge result, and required ones that have none. */
async function viewChecks(
  services: ServerServices,
  pullRequest: PullRequest,
  merge: MergeState,
): Promise<PullRequestView['checks']> {
  const match = { repository: pullRequest.repository, commit: pullRequest.mergeCommit ?? 'none' };
  const runs = (await services.review.store.list('pipelineRun', { match })).map((stored) => stored.value);
  const names = [...new Set([...merge.requiredChecks, ...merge.checks.map((check) => check.pipeline)])];
  return names.map((name) => {
    const run = runs.find((one) => one.pipeline === name);
    return {
      pipeline: name,
      isRequired: merge.requiredChecks.includes(name),
      phase: run?.phase ?? 'missing',
      ...(run === undefined ? {} : { run: run.id }),
      ...(run?.conclusion === undefined ? {} : { conclusion: run.conclusion }),
    };
  });
}

/** Rendered difference of a config request: of a promotion in its environment against what runs there, else in all against the target. */
async function renderedDiff(
  services: ServerServices,
  pullRequest: PullRequest,
  head: PullRequest['head'],
): Promise<PullRequestView['renderedDiff']> {
  const { store } = services.review;
  const record = (await store.get('repository', pullRequest.repository))?.value;
  if (record?.role !== 'config') return undefined;
  const promotion =
    pullRequest.promotion === undefined ? undefined : (await store.get('promotion', pullRequest.promotion))?.value;
  const base = promotion?.fromRevision ?? pullRequest.base;
  try {
    const diffs = await diffEnvironments(services.delivery, pullRequest.repository, { base, head });
    return diffs.filter((one) => promotion === undefined || one.environment === promotion.environment);
  } catch (error) {
    if (error instanceof CodedError) return [{ environment: 'all', diff: '', fault: error.message }];
    throw error;
  }
}

/** Whether the account may approve it now, by the two-person rule. */
export async function mayApprove(
  services: ServerServices,
  pullRequest: PullRequest,
  account: Account,
): Promise<PullRequestView['canApprove']> {
  if (pullRequest.state !== 'open') return { isAllowed: false, reason: `It is ${pullRequest.state}.` };
  const repository = await services.review.openRepository(pullRequest.repository);
  const rule = await approvalRule(services.review.store, repository, pullRequest);
  const { decision, approvesPolicy } = judgeApproval(rule, pullRequest, { approver: account, head: pullRequest.head });
  return decision.kind === 'counts' || approvesPolicy
    ? { isAllowed: true }
    : { isAllowed: false, reason: decision.message };
}
