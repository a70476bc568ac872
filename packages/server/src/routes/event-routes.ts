import type { FastifyInstance } from 'fastify';
import { addRoute } from '../route.ts';
import type { ServerServices } from '../server-services.ts';
import { sendEvents } from './send-events.ts';

/** Nouns whose changes a person's page hears of. */
const shown: ReadonlySet<string> = new Set([
  'pipelineRun',
  'stageRun',
  'pullRequest',
  'review',
  'desiredState',
  'deployment',
  'verification',
  'promotion',
  'releaseTicket',
  'hold',
  'freeze',
  'inboxItem',
  'notificationChannel',
  'change',
]);

/** "Something changed: read it again", for the dashboard. */
export function addEventRoutes(app: FastifyInstance, services: ServerServices): void {
  addRoute(
    app,
    { method: 'GET', url: '/api/v1/events', right: 'viewer', summary: 'Changes as server-sent events' },
    ({ request, reply }) => {
      const events = sendEvents(request, reply);
      const stop = services.pipeline.store.onChange((change) => {
        if (shown.has(change.noun)) events.send('change', JSON.stringify(change));
      });
      events.onClose(stop);
      return Promise.resolve(reply);
    },
  );
}
