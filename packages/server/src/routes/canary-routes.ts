import { canaryBody, canaryReport } from '@slipway/api';
import { sayToCanary } from '@slipway/delivery';
import { parseName } from '@slipway/domain';
import type { FastifyInstance } from 'fastify';
import { accountOf, addRoute } from '../route.ts';
import type { ServerServices } from '../server-services.ts';

/** A person's word on a canary. The operator follows it; the answer is the canary as it was last heard of. */
export function addCanaryRoutes(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/applications/:application/environments/:environment/canary',
      right: 'promoter',
      summary: 'Lets a waiting canary go on, or aborts one',
      body: canaryBody,
      answer: canaryReport,
    },
    async (call) => {
      const { canary } = await sayToCanary(services.delivery, accountOf(call), {
        application: parseName(call.param('application')),
        environment: parseName(call.param('environment')),
        action: call.body.action,
      });
      return canary;
    },
  );
}
