import {
  healthView,
  inboxView,
  meView,
  notificationChannelsView,
  metricsView,
  repositoryView,
  setImageBody,
  setImageView,
} from '@slipway/api';
import { parseBranch, parseName } from '@slipway/domain';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sessionCookie } from '../access/credentials.ts';
import { findPrincipal, mintToken, revokeToken } from '../access/tokens.ts';
import { accountOf, addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import { parseImagePins } from './parse-image-pins.ts';
import type { ServerServices } from '../server-services.ts';
import { channelViews } from '../views/channel-views.ts';

const sessionBody = z.strictObject({ token: z.string().min(1).max(200) });
const tokenBody = z.strictObject({ label: z.string().min(1).max(100), expiresAt: z.iso.datetime().optional() });
const sessionMs = 12 * 3_600_000;

/** Who is asking, what is here, and how it does. */
export function addPlatformRoutes(app: FastifyInstance, services: ServerServices): void {
  addInstallationRoutes(app, services);
  addRepositoryList(app, services);
  addInboxRoute(app, services);
  addChannelsRoute(app, services);
  addMetricsRoute(app, services);
  addSetImageRoute(app, services);
  addAuditRoute(app, services);
  addSessionRoutes(app, services);
}

/** Who is asking, and how the installation does. */
function addInstallationRoutes(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    { method: 'GET', url: '/api/v1/me', right: 'any', summary: 'The asking account', answer: meView },
    (call) => {
      const account = accountOf(call);
      return Promise.resolve({ account: account.id, displayName: account.displayName, roles: [...account.roles] });
    },
  );
  addRoute(
    app,
    { method: 'GET', url: '/api/v1/health', right: 'viewer', summary: 'How the server does', answer: healthView },
    () => {
      const { isolation, because } = services.pipeline.executor.facts;
      const operator = services.operatorSeen.at === undefined ? {} : { operatorSeenAt: services.operatorSeen.at };
      return Promise.resolve({
        version: services.version,
        startedAt: services.startedAt,
        isolation: { isolation, because },
        ...operator,
      });
    },
  );
}

/** What is here. */
function addRepositoryList(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.pipeline;
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/repositories',
      right: 'viewer',
      summary: 'Repositories',
      answer: z.array(repositoryView),
    },
    async () => {
      const repositories = await store.list('repository');
      return Promise.all(
        repositories.map(async ({ value }) => {
          const head = await (await services.pipeline.openRepository(value.id)).readRef(
            `refs/heads/${value.defaultBranch}`,
          );
          const cloneUrl = `${services.publicUrl()}/git/${value.id}.git`;
          return {
            name: value.id,
            role: value.role,
            defaultBranch: value.defaultBranch,
            cloneUrl,
            ...(head === undefined ? {} : { head }),
          };
        }),
      );
    },
  );
}

/** What concerns the asking account. */
function addInboxRoute(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.pipeline;
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/inbox',
      right: 'any',
      summary: 'What concerns the asking account',
      answer: inboxView,
    },
    async (call) => {
      const items = await store.list('inboxItem', {
        match: { account: accountOf(call).id },
        newestFirst: true,
        limit: 100,
      });
      return {
        items: items.map(({ value: { id, kind, subject, body, link, createdAt } }) => ({
          id,
          kind,
          subject,
          body,
          link,
          createdAt,
        })),
      };
    },
  );
}

/** How notifications leave, and whether they do. */
function addChannelsRoute(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/notification-channels',
      right: 'viewer',
      summary: 'Channels of notifications and how they do',
      answer: notificationChannelsView,
    },
    async () => ({ channels: await channelViews(services.pipeline.store) }),
  );
}

/** What was measured. */
function addMetricsRoute(app: FastifyInstance, services: ServerServices): void {
  const metricsQuery = z.object({
    name: z.string().optional(),
    run: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  });
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/metrics',
      right: 'viewer',
      summary: 'Measured points, newest first',
      query: metricsQuery,
      answer: metricsView,
    },
    async ({ query }) => {
      const labels = query.run === undefined ? {} : { labels: { run: query.run } };
      const points = await services.pipeline.metrics.query({
        ...(query.name === undefined ? {} : { name: query.name }),
        ...labels,
        limit: query.limit,
      });
      return {
        points: points.map(({ name, at, value, unit, labels: own }) => ({ name, at, value, unit, labels: { ...own } })),
      };
    },
  );
}

/** The config-repo writer for pipelines of others. */
function addSetImageRoute(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/repositories/:repository/set-image',
      right: 'developer',
      summary: 'Pins images as one commit',
      body: setImageBody,
      answer: setImageView,
    },
    async (call) => {
      const landed = await services.setImage({
        account: accountOf(call),
        repository: parseName(call.param('repository')),
        ...call.body,
        branch: parseBranch(call.body.branch),
        pins: parseImagePins(call.body.pins),
      });
      return { commit: landed.commit, isChange: landed.isChange, isReplay: landed.isReplay, paths: [...landed.paths] };
    },
  );
}

/** The evidence of a period. */
function addAuditRoute(app: FastifyInstance, services: ServerServices): void {
  const auditQuery = z.object({ from: z.string().default('1970-01-01T00:00:00Z'), to: z.string().optional() });
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/audit/bundle',
      right: 'viewer',
      summary: 'The evidence of a period, file by file',
      query: auditQuery,
      answer: z.record(z.string(), z.string()),
    },
    ({ query }) => services.exportAudit({ from: query.from, to: query.to ?? services.pipeline.now() }),
  );
}

function addSessionRoutes(app: FastifyInstance, services: ServerServices): void {
  addLogin(app, services);
  addLogout(app, services);
  addTokenRoutes(app, services);
}

/** Makes a session of a token or a one-time link. */
function addLogin(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.pipeline;
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/session',
      right: 'public',
      summary: 'Logs in with a token or a one-time link',
      body: sessionBody,
      answer: meView,
    },
    async ({ body, reply }) => {
      const principal = await findPrincipal(store, body.token, now());
      const purpose = principal?.token.purpose;
      const isForPeople = purpose === 'person' || purpose === 'login-link';
      if (principal === undefined || !isForPeople || principal.token.scopes !== undefined) throw refusedLogin();
      const { account } = principal;
      const expiresAt = new Date(Date.parse(now()) + sessionMs).toISOString();
      const session = mintToken({
        account: account.id,
        purpose: 'person',
        label: 'browser session',
        expiresAt,
        now: now(),
      });
      await store.transact(async (tx) => {
        // Of two that follow the same link at once, the second finds it used.
        const token = (await tx.lock('token', principal.token.id))?.value;
        if (token?.revokedAt !== undefined) throw refusedLogin();
        await tx.put('token', session.token.id, session.token);
        if (purpose === 'login-link') await revokeToken(tx, principal.token.id, now());
      });
      const secure = services.publicUrl().startsWith('https:') ? '; Secure' : '';
      void reply.header(
        'set-cookie',
        `${sessionCookie}=${session.secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionMs / 1000}${secure}`,
      );
      return { account: account.id, displayName: account.displayName, roles: [...account.roles] };
    },
  );
}

/** Ends a session. */
function addLogout(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.pipeline;
  addRoute(
    app,
    { method: 'DELETE', url: '/api/v1/session', right: 'any', summary: 'Logs out' },
    async ({ principal, reply }) => {
      if (principal !== undefined) await store.transact((tx) => revokeToken(tx, principal.token.id, now()));
      return reply
        .code(204)
        .header('set-cookie', `${sessionCookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`)
        .send();
    },
  );
}

/** Tokens of the asking account. */
function addTokenRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.pipeline;
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/tokens',
      right: 'any',
      summary: 'Makes a token of the asking account',
      body: tokenBody,
      answer: z.object({ id: z.string(), secret: z.string() }),
    },
    async (call) => {
      const { label, expiresAt } = call.body;
      const minted = mintToken({
        account: accountOf(call).id,
        purpose: 'person',
        label,
        ...(expiresAt === undefined ? {} : { expiresAt }),
        now: now(),
      });
      await store.transact((tx) => tx.put('token', minted.token.id, minted.token));
      return { id: minted.token.id, secret: minted.secret };
    },
  );
  addRoute(
    app,
    { method: 'DELETE', url: '/api/v1/tokens/:token', right: 'any', summary: 'Revokes a token at once' },
    async (call) => {
      const token = (await store.get('token', call.param('token')))?.value;
      const account = accountOf(call);
      const isOwn = token?.account === account.id || account.roles.includes('admin');
      if (token === undefined || !isOwn) throw new ServerError('NOT_FOUND', 'There is no such token');
      await store.transact((tx) => revokeToken(tx, token.id, now()));
      return call.reply.code(204).send();
    },
  );
}

function refusedLogin(): ServerError {
  return new ServerError('UNAUTHENTICATED', 'This token is not known, has ended or is for something else');
}
