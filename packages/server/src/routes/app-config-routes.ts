import { appConfigDiffView, appConfigView, configTokenBody, tokenView } from '@slipway/api';
import { compareAppConfig, type ReadAppConfig } from '@slipway/delivery';
import type { Account, DesiredState } from '@slipway/domain';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { mintToken } from '../access/tokens.ts';
import { addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';
import { viewAppConfig } from '../views/app-config-view.ts';

const base = '/api/v1/applications/:application';
/** Account of every token that only reads config: it holds no role. */
const readerAccount = 'config-reader';

/** What environments read, for people; and the tokens that running apps read it with. */
export function addAppConfigRoutes(app: FastifyInstance, services: ServerServices, readAppConfig: ReadAppConfig): void {
  addRoute(
    app,
    {
      method: 'GET',
      url: `${base}/environments/:environment/app-config`,
      right: 'viewer',
      summary: 'App config of an environment: what is in force, pinned and newest',
      answer: appConfigView,
    },
    async ({ param }) =>
      viewAppConfig(
        services,
        readAppConfig,
        await findEnvironment(services, param('application'), param('environment')),
      ),
  );
  addRoute(
    app,
    {
      method: 'GET',
      url: `${base}/environments/:environment/app-config/diff`,
      right: 'viewer',
      summary: 'How app config in force differs from the newest, a commit or another environment',
      query: z.object({ against: z.string().max(63).optional() }),
      answer: appConfigDiffView,
    },
    async ({ param, query }) => {
      const desired = await findEnvironment(services, param('application'), param('environment'));
      const reading = { ...services.delivery, readAppConfig };
      const files = await compareAppConfig(reading, desired, query.against);
      const { application, environment } = desired;
      return { application, environment, against: query.against ?? 'head', files: files.map((file) => ({ ...file })) };
    },
  );
  addTokenRoute(app, services);
}

function addTokenRoute(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.pipeline;
  addRoute(
    app,
    {
      method: 'POST',
      url: `${base}/config-tokens`,
      right: 'admin',
      summary: "Makes a token that reads an application's config and nothing else",
      body: configTokenBody,
      answer: tokenView,
    },
    async ({ body, param }) => {
      const application = param('application');
      const known = await store.list('desiredState', { match: { application } });
      if (!known.some(({ value }) => body.environment === undefined || body.environment === value.environment))
        throw new ServerError('NOT_FOUND', `There is no ${body.environment ?? 'environment'} of ${application}`);
      const place = body.environment === undefined ? application : `${application}/${body.environment}`;
      const minted = mintToken({
        account: readerAccount,
        purpose: 'application',
        label: body.label,
        scopes: [`config:read:${place}`],
        now: now(),
      });
      await store.transact(async (tx) => {
        if ((await tx.lock('account', readerAccount)) === undefined)
          await tx.put('account', readerAccount, readerOf(now()));
        await tx.put('token', minted.token.id, minted.token);
      });
      return { id: minted.token.id, secret: minted.secret };
    },
  );
}

function readerOf(createdAt: string): Account {
  const displayName = 'Running applications';
  return {
    id: readerAccount,
    displayName,
    kind: 'service',
    roles: [],
    verifiedEmails: [],
    isDisabled: false,
    createdAt,
  };
}

async function findEnvironment(services: ServerServices, application: string, name: string): Promise<DesiredState> {
  const found = (await services.delivery.store.get('desiredState', `${application}/${name}`))?.value;
  if (found === undefined) throw new ServerError('NOT_FOUND', `There is no environment ${name} of ${application}`);
  return found;
}
