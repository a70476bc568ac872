import { approvalsView, boardView, promoteBody, promotionView, trailView, whyView } from '@slipway/api';
import { diffEnvironments, requestPromotion, reviewBreakGlass } from '@slipway/delivery';
import { parseDigest, parseName, type Promotion } from '@slipway/domain';
import { reviewPullRequest } from '@slipway/pipeline';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { accountOf, addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';
import { viewApprovals } from '../views/approvals-view.ts';
import { viewBoard } from '../views/board-view.ts';
import { viewPromotion } from '../views/promotion-view.ts';
import { viewTrail } from '../views/trail-view.ts';
import { viewWhy } from '../views/why-view.ts';
import { mergeWhenAllowed } from './review-routes.ts';

const applicationView = z.object({ application: z.string(), repository: z.string() });
const changeView = z.object({
  id: z.string(),
  repository: z.string(),
  commit: z.string(),
  subject: z.string(),
  author: z.string(),
  createdAt: z.string(),
});
const approveBody = z.strictObject({
  verdict: z.enum(['approved', 'changes-requested']).default('approved'),
  body: z.string().max(20_000).default(''),
});
const base = '/api/v1/applications/:application';

/** Environments, promotions and the trail of a change. */
export function addDeliveryRoutes(app: FastifyInstance, services: ServerServices): void {
  addBoardRoutes(app, services);
  addPendingRoutes(app, services);
  addPromotionRoutes(app, services);
  addApprovalRoute(app, services);
  addChangeRoutes(app, services);
}

/** What runs where. */
function addBoardRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.delivery;
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/applications',
      right: 'viewer',
      summary: 'Applications',
      answer: z.array(applicationView),
    },
    async () => {
      const states = await store.list('desiredState', { match: { order: 0 } });
      return states.map(({ value }) => ({ application: value.application, repository: value.repository }));
    },
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: `${base}/board`,
      right: 'viewer',
      summary: 'What runs where, and why not more',
      answer: boardView,
    },
    (call) => viewBoard(services, call.param('application'), accountOf(call)),
  );
}

/** What the branch says and may not be applied yet. */
function addPendingRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.delivery;
  addRoute(
    app,
    {
      method: 'GET',
      url: `${base}/environments/:environment/pending-diff`,
      right: 'viewer',
      summary: 'Rendered diff of what is pending',
      answer: z.object({ diff: z.string() }),
    },
    async ({ param }) => {
      const desired = (await store.get('desiredState', `${param('application')}/${param('environment')}`))?.value;
      if (desired === undefined) throw new ServerError('NOT_FOUND', `There is no environment ${param('environment')}`);
      if (desired.pending === undefined || desired.authorised === undefined) return { diff: '' };
      const diffs = await diffEnvironments(services.delivery, desired.repository, {
        base: desired.authorised.revision,
        head: desired.pending.revision,
      });
      return { diff: diffs.find((one) => one.environment === desired.environment)?.diff ?? '' };
    },
  );
}

/** Promotions: asked for and looked at. */
function addPromotionRoutes(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'POST',
      url: `${base}/environments/:environment/promotions`,
      right: 'promoter',
      summary: 'Asks for a promotion',
      body: promoteBody,
      answer: promotionView,
    },
    async (call) => {
      const promotion = await requestPromotion(services.delivery, accountOf(call), {
        application: parseName(call.param('application')),
        environment: parseName(call.param('environment')),
        ...(call.body.release === undefined ? {} : { release: parseDigest(call.body.release) }),
        ...(call.body.reason === undefined ? {} : { reason: call.body.reason }),
      });
      return viewPromotion(promotion);
    },
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/promotions/:promotion',
      right: 'viewer',
      summary: 'One promotion',
      answer: promotionView,
    },
    async ({ param }) => viewPromotion(await findPromotion(services, param('promotion'))),
  );
}

/** The consent of a second person, or its refusal. */
function addApprovalRoute(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/approvals',
      right: 'viewer',
      summary: 'Promotions and rollbacks that wait for a second person',
      answer: approvalsView,
    },
    (call) => viewApprovals(services, accountOf(call)),
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/promotions/:promotion/approve',
      right: 'viewer',
      summary: 'Reviews a promotion: approves or rejects it',
      body: approveBody,
      answer: promotionView,
    },
    async (call) => {
      const promotion = await findPromotion(services, call.param('promotion'));
      // It went in past its approvals: the second person comes afterwards.
      if (promotion.breakGlass !== undefined)
        return viewPromotion(await reviewBreakGlass(services.delivery, accountOf(call), promotion.id));
      const pullRequest = (
        await services.review.store.list('pullRequest', {
          match: { promotion: promotion.id },
          newestFirst: true,
          limit: 1,
        })
      )[0]?.value;
      if (pullRequest === undefined) throw new ServerError('NOT_FOUND', `Promotion ${promotion.id} waits for nobody`);
      await reviewPullRequest(services.review, accountOf(call), {
        pullRequest: pullRequest.id,
        verdict: call.body.verdict,
        body: call.body.body,
        head: pullRequest.head,
      });
      await mergeWhenAllowed(services, call, pullRequest);
      return viewPromotion(await findPromotion(services, promotion.id));
    },
  );
}

/** Changes, their trail, and why they are not further. */
function addChangeRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.delivery;
  const whyQuery = z.object({ change: z.string(), environment: z.string(), application: z.string().optional() });
  const changesQuery = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) });
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/why',
      right: 'viewer',
      summary: 'Why a change is not in an environment yet',
      query: whyQuery,
      answer: whyView,
    },
    ({ query }) => viewWhy(services, query),
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/changes',
      right: 'viewer',
      summary: 'Changes, newest first',
      query: changesQuery,
      answer: z.array(changeView),
    },
    async ({ query }) => {
      const changes = await store.list('change', { newestFirst: true, limit: query.limit });
      return changes.map(({ value }) => ({
        id: value.id,
        repository: value.repository,
        commit: value.commit,
        subject: value.subject,
        author: value.author.name,
        createdAt: value.createdAt,
      }));
    },
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/changes/:change/trail',
      right: 'viewer',
      summary: 'Everything signed about a change',
      answer: trailView,
    },
    async ({ param }) => {
      const change = (await store.get('change', param('change')))?.value;
      if (change === undefined) throw new ServerError('NOT_FOUND', `There is no change ${param('change')}`);
      return viewTrail(store, change);
    },
  );
}

async function findPromotion(services: ServerServices, id: string): Promise<Promotion> {
  const found = (await services.delivery.store.get('promotion', id))?.value;
  if (found === undefined) throw new ServerError('NOT_FOUND', `There is no promotion ${id}`);
  return found;
}
