import { createServer as createHttpServer, type Server } from 'node:http';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import { createAppConfigReader } from '@slipway/delivery';
import { CodedError } from '@slipway/domain';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { isForged, readCredential } from './access/credentials.ts';
import { holdsRight, mayReadConfig, type Right } from './access/rights.ts';
import { findPrincipal, type Principal } from './access/tokens.ts';
import { addAccountRoutes } from './routes/account-routes.ts';
import { addCanaryRoutes } from './routes/canary-routes.ts';
import { addAppConfigRoutes } from './routes/app-config-routes.ts';
import { addConfigRoutes } from './routes/config-routes.ts';
import { addDeliveryRoutes } from './routes/delivery-routes.ts';
import { addReleaseRoutes } from './routes/release-routes.ts';
import { addEventRoutes } from './routes/event-routes.ts';
import { addOperatorAccountRoutes } from './routes/operator-account-routes.ts';
import { addOperatorRoutes } from './routes/operator-routes.ts';
import { addPlatformRoutes } from './routes/platform-routes.ts';
import { addRepositoryRoutes } from './routes/repository-routes.ts';
import { addReviewRoutes } from './routes/review-routes.ts';
import { addRunRoutes } from './routes/run-routes.ts';
import { ServerError, statusOf } from './server-error.ts';
import type { ServerServices } from './server-services.ts';

/** Content security policy of every page: nothing but our own files runs. */
const contentSecurityPolicy =
  "default-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/** Builds the server; `listen` is the caller's. Raw handlers (Git, registry) see a request before the API does. */
export async function createServer(services: ServerServices): Promise<FastifyInstance> {
  const app = Fastify({
    serverFactory: (handler): Server =>
      createHttpServer({ requestTimeout: 0, headersTimeout: 30_000 }, (request, response) => {
        void offer(services, request, response).then((isTaken) => (isTaken ? undefined : handler(request, response)));
      }),
    bodyLimit: 1_048_576,
    routerOptions: { maxParamLength: 1_000 },
    forceCloseConnections: true,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('principal', undefined);
  const routes: { readonly name: string; readonly hasRight: () => boolean }[] = [];
  app.addHook('onRoute', (route) => {
    if (route.url === '/*' || route.url === '/') route.config = { ...route.config, right: 'public' };
    routes.push({ name: `${String(route.method)} ${route.url}`, hasRight: () => route.config?.right !== undefined });
  });
  // Asked when all are there: a plugin's routes get their right from a hook of its own.
  app.addHook('onReady', () => {
    const open = routes.find((route) => !route.hasRight());
    if (open !== undefined) throw new ServerError('ROUTE_WITHOUT_RIGHT', `${open.name} names no right`);
    return Promise.resolve();
  });
  app.addHook('onRequest', (request, reply) => guard(services, request, reply));
  app.setErrorHandler((error: FastifyError, _request, reply) => sendProblem(services, error, reply));
  app.setNotFoundHandler((request, reply) => notFound(services, request, reply));
  await app.register(fastifySwagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Slipway', version: services.version } },
    transform: jsonSchemaTransform,
  });
  addPlatformRoutes(app, services);
  addAccountRoutes(app, services);
  addRepositoryRoutes(app, services);
  addRunRoutes(app, services);
  addReviewRoutes(app, services);
  addDeliveryRoutes(app, services);
  addReleaseRoutes(app, services);
  addCanaryRoutes(app, services);
  const readAppConfig = createAppConfigReader(services.delivery);
  addAppConfigRoutes(app, services, readAppConfig);
  addConfigRoutes(app, services, readAppConfig);
  addOperatorRoutes(app, services);
  addOperatorAccountRoutes(app, services);
  addEventRoutes(app, services);
  app.get('/api/v1/openapi.json', { config: { right: 'public' } }, () => app.swagger());
  if (services.dashboardDir !== undefined) await addDashboard(app, services.dashboardDir);
  return app;
}

async function offer(
  services: ServerServices,
  ...[request, response]: Parameters<ServerServices['rawHandlers'][number]>
): Promise<boolean> {
  try {
    for (const handler of services.rawHandlers) if (await handler(request, response)) return true;
    return false;
  } catch (error) {
    services.onFault(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
    return true;
  }
}

/** Deny by default: every route names its right, and a request without it ends here. */
async function guard(services: ServerServices, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  void reply.headers({
    'x-content-type-options': 'nosniff',
    'content-security-policy': contentSecurityPolicy,
    'referrer-policy': 'no-referrer',
  });
  const right = request.routeOptions.config.right ?? (request.is404 ? 'public' : undefined);
  const credential = readCredential(request.headers);
  request.principal =
    credential === undefined
      ? undefined
      : await findPrincipal(services.pipeline.store, credential.secret, services.pipeline.now());
  if (right === 'public') return;
  if (request.principal === undefined) throw new ServerError('UNAUTHENTICATED', 'This needs a login');
  if (isForged(credential, request.method, request.headers))
    throw new ServerError('FORBIDDEN', 'This request came from another site');
  if (right === undefined || !isAllowed(request, request.principal, right)) {
    throw new ServerError(
      'FORBIDDEN',
      `${request.principal.account.id} does not hold the right ${right ?? 'needed here'}`,
    );
  }
}

function isAllowed(request: FastifyRequest, principal: Principal, right: Right): boolean {
  if (right !== 'config-reader') return holdsRight(principal, right);
  const { application = '', profile = '' } = request.params as Readonly<Record<string, string>>;
  return mayReadConfig(principal, { application, profile });
}

function sendProblem(services: ServerServices, error: FastifyError, reply: FastifyReply): FastifyReply {
  if (error instanceof CodedError) {
    const status = statusOf[error.code] ?? (error.retry === 'never' ? 422 : 503);
    if (status >= 500) services.onFault(error);
    return reply.code(status).send({ code: error.code, message: error.message, next: error.next, facts: error.facts });
  }
  if (error.validation !== undefined || (error.statusCode !== undefined && error.statusCode < 500)) {
    return reply.code(error.statusCode ?? 400).send({ code: 'REQUEST_INVALID', message: error.message });
  }
  services.onFault(error);
  return reply
    .code(500)
    .send({ code: 'INTERNAL', message: 'The server could not do this; its log says why. Try again.' });
}

/** Pages of the dashboard are its own business; below `/api` nothing is found by guessing. */
function notFound(services: ServerServices, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? '';
  const isFile = path.startsWith('/assets/') || path === '/favicon.svg';
  const isPage = request.method === 'GET' && !path.startsWith('/api/') && !isFile;
  if (isPage && services.dashboardDir !== undefined) return reply.sendFile('index.html');
  return reply.code(404).send({ code: 'NOT_FOUND', message: 'There is nothing at this address. Check its path.' });
}

/** The dashboard's files; its pages are made in the browser, so every other path answers with the one page. */
async function addDashboard(app: FastifyInstance, root: string): Promise<void> {
  await app.register(fastifyStatic, { root, prefix: '/', wildcard: true, index: ['index.html'] });
}
