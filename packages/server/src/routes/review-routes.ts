import { commentBody, openPullRequestBody, pullRequestSummary, pullRequestView, reviewBody } from '@slipway/api';
import { parseBranch, parseCommitId, parseName, type PullRequest } from '@slipway/domain';
import {
  closePullRequest,
  mergePullRequest,
  openPullRequest,
  readMergeState,
  reviewPullRequest,
} from '@slipway/pipeline';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { accountOf, addRoute, type Call } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';
import { summarisePullRequest, viewPullRequest } from '../views/pull-request-view.ts';

const listQuery = z.object({
  repository: z.string().optional(),
  state: z.enum(['open', 'merged', 'closed']).optional(),
});
const base = '/api/v1/repositories/:repository/pull-requests';

/** The request that a call names. */
async function findPullRequest(services: ServerServices, call: Call<unknown, unknown>): Promise<PullRequest> {
  const id = `${call.param('repository')}#${call.param('number')}`;
  const found = (await services.review.store.get('pullRequest', id))?.value;
  if (found === undefined) throw new ServerError('NOT_FOUND', `There is no pull request ${id}`);
  return found;
}

/** Answers with the request as it is now. */
function viewOf(services: ServerServices): (call: Call<unknown, unknown>) => Promise<z.infer<typeof pullRequestView>> {
  return async (call) => viewPullRequest(services, await findPullRequest(services, call), accountOf(call));
}

/** Pull requests: diff, checks, reviews, merge. */
export function addReviewRoutes(app: FastifyInstance, services: ServerServices): void {
  addReadingRoutes(app, services);
  addOpeningRoute(app, services);
  addVerdictRoute(app, services);
  addTalkingRoutes(app, services);
  addCloseRoute(app, services);
}

/** Lists and one of them. */
function addReadingRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.review;
  const view = viewOf(services);
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/pull-requests',
      right: 'viewer',
      summary: 'Pull requests, newest first',
      query: listQuery,
      answer: z.array(pullRequestSummary),
    },
    async ({ query }) => {
      const match = {
        ...(query.repository === undefined ? {} : { repository: query.repository }),
        ...(query.state === undefined ? {} : { state: query.state }),
      };
      const found = await store.list('pullRequest', { match, newestFirst: true, limit: 200 });
      return found.map((stored) => summarisePullRequest(stored.value));
    },
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: `${base}/:number`,
      right: 'viewer',
      summary: 'One pull request with its diff',
      answer: pullRequestView,
    },
    view,
  );
}

/** Opens one. */
function addOpeningRoute(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'POST',
      url: base,
      right: 'developer',
      summary: 'Opens a pull request',
      body: openPullRequestBody,
      answer: pullRequestView,
    },
    async (call) => {
      const { body } = call;
      const opened = await openPullRequest(services.review, {
        repository: parseName(call.param('repository')),
        source: parseBranch(body.source),
        ...(body.target === undefined ? {} : { target: parseBranch(body.target) }),
        title: body.title,
        body: body.body ?? '',
        author: accountOf(call).id,
      });
      return viewPullRequest(services, opened, accountOf(call));
    },
  );
}

/** Reviews a head. Which role a verdict needs the request itself decides: reviewer, or approver for a promotion. */
function addVerdictRoute(app: FastifyInstance, services: ServerServices): void {
  const view = viewOf(services);
  addRoute(
    app,
    {
      method: 'POST',
      url: `${base}/:number/reviews`,
      right: 'viewer',
      summary: 'Reviews a head',
      body: reviewBody,
      answer: pullRequestView,
    },
    async (call) => {
      const pullRequest = await findPullRequest(services, call);
      const { verdict, body, head } = call.body;
      await reviewPullRequest(services.review, accountOf(call), {
        pullRequest: pullRequest.id,
        verdict,
        body: body ?? '',
        head: parseCommitId(head),
      });
      if (pullRequest.promotion !== undefined) await mergeWhenAllowed(services, call, pullRequest);
      return view(call);
    },
  );
}

/** Comments and merges. */
function addTalkingRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.review;
  const view = viewOf(services);
  addRoute(
    app,
    {
      method: 'POST',
      url: `${base}/:number/comments`,
      right: 'developer',
      summary: 'Comments on a line',
      body: commentBody,
      answer: pullRequestView,
    },
    async (call) => {
      const pullRequest = await findPullRequest(services, call);
      const now = services.review.now();
      const account = accountOf(call).id;
      const id = `${pullRequest.id}/${account}/${Date.parse(now)}`;
      await store.transact((tx) =>
        tx.put('lineComment', id, {
          id,
          pullRequest: pullRequest.id,
          account,
          head: pullRequest.head,
          ...call.body,
          createdAt: now,
        }),
      );
      return view(call);
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: `${base}/:number/merge`,
      right: 'developer',
      summary: 'Merges the tree that was checked',
      answer: pullRequestView,
    },
    async (call) => {
      await mergePullRequest(services.review, accountOf(call), (await findPullRequest(services, call)).id);
      return view(call);
    },
  );
}

/** A no for good. */
function addCloseRoute(app: FastifyInstance, services: ServerServices): void {
  const view = viewOf(services);
  addRoute(
    app,
    {
      method: 'POST',
      url: `${base}/:number/close`,
      right: 'viewer',
      summary: 'Closes it without merging',
      answer: pullRequestView,
    },
    async (call) => {
      await closePullRequest(services.review, accountOf(call), (await findPullRequest(services, call)).id);
      return view(call);
    },
  );
}

/** A promotion goes in with the approval that completes it: the review is the consent, there is no second button. */
export async function mergeWhenAllowed(
  services: ServerServices,
  call: Pick<Call<unknown, unknown>, 'principal'>,
  pullRequest: PullRequest,
): Promise<void> {
  const current = (await services.review.store.get('pullRequest', pullRequest.id))?.value;
  if (current?.state !== 'open') return;
  const repository = await services.review.openRepository(current.repository);
  const { decision } = await readMergeState(services.review.store, repository, current, services.review.now());
  if (decision.kind === 'allowed') await mergePullRequest(services.review, accountOf(call), current.id);
}
