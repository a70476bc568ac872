import { Readable } from 'node:stream';
import { runView } from '@slipway/api';
import { cancelRun, retryRun } from '@slipway/pipeline';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';
import { viewRun } from '../views/run-view.ts';

const listQuery = z.object({
  repository: z.string().optional(),
  change: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(30),
});
const logQuery = z.object({
  follow: z.enum(['true', 'false']).default('false'),
  attempt: z.coerce.number().int().min(1).optional(),
});

async function findRun(services: ServerServices, id: string): Promise<z.infer<typeof runView>> {
  const run = (await services.pipeline.store.get('pipelineRun', id))?.value;
  if (run === undefined) throw new ServerError('NOT_FOUND', `There is no run ${id}`);
  return viewRun(services.pipeline.store, run);
}

/** Runs of pipelines, their stages and logs. */
export function addRunRoutes(app: FastifyInstance, services: ServerServices): void {
  addRunReading(app, services);
  addRunControl(app, services);
  addLogRoutes(app, services);
}

/** Runs, and one of them. */
function addRunReading(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.pipeline;
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/runs',
      right: 'viewer',
      summary: 'Runs, newest first',
      query: listQuery,
      answer: z.array(runView),
    },
    async ({ query }) => {
      const match = {
        ...(query.repository === undefined ? {} : { repository: query.repository }),
        ...(query.change === undefined ? {} : { change: query.change }),
      };
      const runs = await store.list('pipelineRun', { match, limit: query.limit, newestFirst: true });
      return Promise.all(runs.map((run) => viewRun(store, run.value)));
    },
  );
  addRoute(
    app,
    { method: 'GET', url: '/api/v1/runs/:run', right: 'viewer', summary: 'One run', answer: runView },
    ({ param }) => findRun(services, param('run')),
  );
}

/** Ends a run, or starts what failed again. */
function addRunControl(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    { method: 'POST', url: '/api/v1/runs/:run/cancel', right: 'developer', summary: 'Cancels a run', answer: runView },
    async ({ param }) => {
      await cancelRun(services.pipeline, param('run'), services.review.cancelEffect);
      return findRun(services, param('run'));
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/runs/:run/retry',
      right: 'developer',
      summary: 'Starts what did not succeed again',
      answer: runView,
    },
    async ({ param }) => {
      await retryRun(services.pipeline, param('run'));
      return findRun(services, param('run'));
    },
  );
}

/** Logs as they grow. */
function addLogRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store } = services.pipeline;
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/runs/:run/stages/:stage/log',
      right: 'viewer',
      summary: 'Log of a stage, followed on request',
      query: logQuery,
    },
    async ({ param, query, request, reply }) => {
      const stage = (await store.get('stageRun', `${param('run')}/${param('stage')}`))?.value;
      if (stage === undefined)
        throw new ServerError('NOT_FOUND', `There is no stage ${param('stage')} in run ${param('run')}`);
      const id = `${stage.id}/${query.attempt ?? stage.attempt}`;
      return reply
        .type('text/plain; charset=utf-8')
        .send(streamLog(services, { id, isFollowing: query.follow === 'true' }, request.raw));
    },
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/verifications/:verification/log',
      right: 'viewer',
      summary: 'Log of a verification',
      query: logQuery,
    },
    async ({ param, query, request, reply }) => {
      const verification = (await store.get('verification', param('verification')))?.value;
      if (verification === undefined)
        throw new ServerError('NOT_FOUND', `There is no verification ${param('verification')}`);
      const id = `verifications/${verification.id}/${query.attempt ?? verification.attempt}`;
      return reply
        .type('text/plain; charset=utf-8')
        .send(streamLog(services, { id, isFollowing: query.follow === 'true' }, request.raw));
    },
  );
}

function streamLog(
  services: ServerServices,
  log: { readonly id: string; readonly isFollowing: boolean },
  request: NodeJS.EventEmitter,
): Readable {
  const gone = new AbortController();
  request.once('close', () => gone.abort());
  return Readable.from(services.pipeline.logs.read(log.id, { isFollowing: log.isFollowing, signal: gone.signal }), {
    objectMode: false,
  });
}
