import { deploymentReport, type OperatorPolicy, signedReportBody } from '@slipway/api';
import { type DeploymentReport, recordDeployment } from '@slipway/delivery';
import { type DesiredState, isFinal, parseCommitId, parseDigest, parseName } from '@slipway/domain';
import type { FastifyInstance } from 'fastify';
import { readReport } from '../access/operator-keys.ts';
import { accountOf, addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';
import { type EventStream, sendEvents } from './send-events.ts';

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
      const sender = new PolicySender(services, events);
      const stop = store.onChange(({ noun }) => {
        if (noun === 'desiredState') void sender.send();
      });
      events.onClose(stop);
      await sender.send();
      return reply;
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/operator/deployments',
      right: 'operator',
      summary: 'What the operator saw of one render, signed with its key',
      body: signedReportBody,
      maxBodyBytes: 8_388_608,
    },
    async (call) => {
      services.operatorSeen.at = now();
      const operator = accountOf(call).id;
      const { envelope } = call.body;
      const { fields, keyId, digest } = await readReport(store, operator, envelope);
      const report = parseReport(fields);
      // Before the record that names it: a crash in between leaves a file that nobody names.
      if (isFinal[report.phase]) await services.keepReport(envelope, digest);
      await recordDeployment(services.delivery, report, { operator, keyId, digest });
      return call.reply.code(204).send();
    },
  );
}

function parseReport(fields: unknown): DeploymentReport {
  const parsed = deploymentReport.safeParse(fields);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `report/${issue.path.join('/')}: ${issue.message}`);
    throw new ServerError('REQUEST_INVALID', faults.join('; '));
  }
  const { data } = parsed;
  return {
    ...data,
    application: parseName(data.application),
    environment: parseName(data.environment),
    revision: parseCommitId(data.revision),
    renderDigest: parseDigest(data.renderDigest),
    observed: data.observed ?? {},
  };
}

/** Sends policies when they differ from what was sent last; changes that come while it reads are read again. */
class PolicySender {
  readonly #services: ServerServices;
  readonly #events: EventStream;
  #sent = '';
  #reading: Promise<void> | undefined;
  #wanted = 0;

  constructor(services: ServerServices, events: EventStream) {
    this.#services = services;
    this.#events = events;
  }

  send(): Promise<void> {
    this.#wanted += 1;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      for (let seen = 0; seen !== this.#wanted; ) {
        seen = this.#wanted;
        const text = JSON.stringify(await readPolicies(this.#services));
        if (text !== this.#sent) this.#events.send('policies', text);
        this.#sent = text;
      }
    } catch (error) {
      this.#services.onFault(error);
      this.#events.end();
    }
  }
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
    ...(desired.canaryControl === undefined ? {} : { canaryControl: desired.canaryControl }),
  };
}
