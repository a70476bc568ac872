import { deploymentReport, type OperatorPolicy } from '@slipway/api';
import { recordDeployment } from '@slipway/delivery';
import { type DesiredState, parseCommitId, parseDigest, parseName } from '@slipway/domain';
import type { FastifyInstance } from 'fastify';
import { accountOf, addRoute } from '../route.ts';
import type { ServerServices } from '../server-services.ts';
import { sendEvents } from './send-events.ts';

/** The operator dials out to these two: a stream of what it should do, and a place for what it saw. */
export function addOperatorRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.delivery;
  addRoute(
    app,
    {
      method: 'GET',
      url: '/api/v1/operator/policies',
      right: 'operator',
      summary: 'Policies as server-sent events, after each change',
    },
    async ({ request, reply }) => {
      services.operatorSeen.at = now();
      const events = sendEvents(request, reply);
      let sent = '';
      let isSending = false;
      let isDirty = true;
      const send = async (): Promise<void> => {
        if (isSending) {
          isDirty = true;
          return;
        }
        isSending = true;
        try {
          do {
            isDirty = false;
            const text = JSON.stringify(await readPolicies(services));
            if (text !== sent) events.send('policies', text);
            sent = text;
          } while (isDirty);
        } catch (error) {
          services.onFault(error);
          events.end();
        } finally {
          isSending = false;
        }
      };
      const stop = store.onChange(({ noun }) => (noun === 'desiredState' ? void send() : undefined));
      events.onClose(stop);
      await send();
      return reply;
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/operator/deployments',
      right: 'operator',
      summary: 'What the operator saw of one render',
      body: deploymentReport,
    },
    async (call) => {
      const { body } = call;
      services.operatorSeen.at = now();
      const report = {
        ...body,
        application: parseName(body.application),
        environment: parseName(body.environment),
        revision: parseCommitId(body.revision),
        renderDigest: parseDigest(body.renderDigest),
        observed: body.observed ?? {},
      };
      await recordDeployment(services.delivery, report, accountOf(call).id);
      return call.reply.code(204).send();
    },
  );
}

async function readPolicies(services: ServerServices): Promise<readonly OperatorPolicy[]> {
  const states = await services.delivery.store.list('desiredState');
  return Promise.all(states.map((stored) => policyOf(services, stored.value)));
}

async function policyOf(services: ServerServices, desired: DesiredState): Promise<OperatorPolicy> {
  const { definition, authorised } = desired;
  const envelope = authorised === undefined ? undefined : await services.envelopeOf(authorised.statement);
  return {
    application: desired.application,
    environment: desired.environment,
    repository: desired.repository,
    cloneUrl: `${services.publicUrl()}/git/${desired.repository}.git`,
    branch: desired.branch,
    path: definition.path,
    namespace: definition.namespace,
    target: definition.target,
    rolloutDeadlineMs: definition.rolloutDeadlineMs,
    ...(envelope === undefined ? {} : { authorisation: envelope }),
  };
}
