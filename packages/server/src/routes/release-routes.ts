import {
  freezeBody,
  freezesView,
  freezeView,
  holdBody,
  holdsView,
  holdView,
  promotionPreviewView,
  promotionView,
  releasesView,
  rollbackBody,
  rollbackPreviewView,
  rollbackQuery,
  ticketsView,
  ticketView,
} from '@slipway/api';
import {
  addFreeze,
  addHold,
  endFreeze,
  findTargets,
  liftHold,
  previewPromotion,
  previewRollback,
  requestRollback,
} from '@slipway/delivery';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { permissionOf, promoterGates } from '../access/promoter-gates.ts';
import { accountOf, addRoute, type Call } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';
import { viewPromotion } from '../views/promotion-view.ts';
import { viewRelease, viewRollbackPreview } from '../views/release-view.ts';
import { viewTicket, viewTicketSummary } from '../views/ticket-view.ts';

const environmentBase = '/api/v1/applications/:application/environments/:environment';
const placeQuery = z.object({ application: z.string().optional(), environment: z.string().optional() });
const holdsQuery = placeQuery.extend({ all: z.stringbool().default(false) });
const ticketsQuery = placeQuery.extend({ limit: z.coerce.number().int().min(1).max(200).default(50) });

/** Going back, holding, freezing, and the tickets of what went in. */
export function addReleaseRoutes(app: FastifyInstance, services: ServerServices): void {
  addHoldRoutes(app, services);
  addFreezeRoutes(app, services);
  addPreviewRoutes(app, services);
  addRollbackRoutes(app, services);
  addTicketRoutes(app, services);
}

function placeOf(call: Pick<Call<unknown, unknown>, 'param'>): {
  readonly application: string;
  readonly environment: string;
} {
  return { application: call.param('application'), environment: call.param('environment') };
}

/** What was asked for, without what was left out. */
function given<T extends Readonly<Record<string, unknown>>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

function addHoldRoutes(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/holds',
      right: 'viewer',
      summary: 'Holds that stand, or all',
      query: holdsQuery,
      answer: holdsView,
    },
    async ({ query: { all, ...place } }) => {
      const holds = await services.delivery.store.list('hold', { match: given(place), newestFirst: true });
      return holds.map(({ value }) => value).filter((hold) => all || hold.liftedAt === undefined);
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: `${environmentBase}/holds`,
      right: 'promoter',
      summary: 'Holds an environment',
      body: holdBody,
      answer: holdView,
    },
    (call) => addHold(services.delivery, accountOf(call), { ...placeOf(call), reason: call.body.reason }),
  );
  addRoute(
    app,
    { method: 'POST', url: '/api/v1/holds/:hold/lift', right: 'promoter', summary: 'Lifts a hold', answer: holdView },
    (call) => liftHold(services.delivery, accountOf(call), call.param('hold')),
  );
}

function addFreezeRoutes(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    { method: 'GET', url: '/api/v1/freezes', right: 'viewer', summary: 'Freezes, newest first', answer: freezesView },
    async (call) => {
      const canEnd = permissionOf(promoterGates(accountOf(call)));
      const freezes = await services.delivery.store.list('freeze', { newestFirst: true });
      return freezes.map(({ value }) => ({ ...value, canEnd }));
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/freezes',
      right: 'promoter',
      summary: 'Freezes environments for a time',
      body: freezeBody,
      answer: freezeView,
    },
    (call) => {
      const { to, reason, ...rest } = call.body;
      return addFreeze(services.delivery, accountOf(call), { to, reason, ...given(rest) });
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/freezes/:freeze/end',
      right: 'promoter',
      summary: 'Ends a freeze before its time',
      answer: freezeView,
    },
    (call) => endFreeze(services.delivery, accountOf(call), call.param('freeze')),
  );
}

/** What would happen, before anybody asks for it. */
function addPreviewRoutes(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'GET',
      url: `${environmentBase}/promotion-preview`,
      right: 'viewer',
      summary: 'What a promotion would bring',
      answer: promotionPreviewView,
    },
    async (call) => {
      const preview = await previewPromotion(services.delivery, placeOf(call));
      const { desired, release, unmet, renderedDiff } = preview;
      const { application, environment } = desired;
      return {
        application,
        environment,
        unmet: [...unmet],
        renderedDiff,
        ...(release === undefined ? {} : { release }),
      };
    },
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: `${environmentBase}/rollback-preview`,
      right: 'viewer',
      summary: 'What a rollback would take back',
      query: rollbackQuery,
      answer: rollbackPreviewView,
    },
    async (call) => {
      const preview = await previewRollback(services.delivery, { ...placeOf(call), ...given(call.query) });
      return viewRollbackPreview(services.delivery.store, preview, accountOf(call));
    },
  );
}

function addRollbackRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store, hasImage } = services.delivery;
  addRoute(
    app,
    {
      method: 'GET',
      url: `${environmentBase}/releases`,
      right: 'viewer',
      summary: 'What ran there, newest first',
      answer: releasesView,
    },
    async (call) => {
      const { application, environment } = placeOf(call);
      const desired = (await store.get('desiredState', `${application}/${environment}`))?.value;
      if (desired === undefined) throw new ServerError('NOT_FOUND', `There is no environment ${environment}`);
      const targets = await findTargets(store, hasImage, desired);
      return Promise.all(targets.map((target) => viewRelease(store, target)));
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: `${environmentBase}/rollbacks`,
      right: 'promoter',
      summary: 'Asks for a rollback, by a commit that reverts',
      body: rollbackBody,
      answer: promotionView,
    },
    async (call) => {
      const { reason, emergency, ...rest } = call.body;
      const order = { ...placeOf(call), ...given(rest), reason, isEmergency: emergency };
      return viewPromotion(await requestRollback(services.delivery, accountOf(call), order));
    },
  );
}

function addTicketRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.delivery;
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/release-tickets',
      right: 'viewer',
      summary: 'Release tickets, newest first',
      query: ticketsQuery,
      answer: ticketsView,
    },
    async ({ query: { limit, ...place } }) => {
      const tickets = await store.list('releaseTicket', { match: given(place), newestFirst: true, limit });
      return tickets.map(({ value }) => viewTicketSummary(value));
    },
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/release-tickets/:ticket',
      right: 'viewer',
      summary: 'One ticket with all that it says',
      answer: ticketView,
    },
    async ({ param }) => {
      const ticket = (await store.get('releaseTicket', param('ticket')))?.value;
      if (ticket === undefined) throw new ServerError('NOT_FOUND', `There is no release ticket ${param('ticket')}`);
      return viewTicket(services, ticket);
    },
  );
}
