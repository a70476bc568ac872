import { accountView, createAccountBody, createAccountTokenBody, tokenView } from '@slipway/api';
import type { Account } from '@slipway/domain';
import type { FastifyInstance } from 'fastify';
import { mintToken } from '../access/tokens.ts';
import { addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';

/** People of the installation: an admin makes their accounts and hands each a first token. */
export function addAccountRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.pipeline;
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/accounts',
      right: 'admin',
      summary: 'Makes an account of a person, or gives it these roles and addresses',
      body: createAccountBody,
      answer: accountView,
    },
    async ({ body }) => {
      const account = await store.transact(async (tx): Promise<Account> => {
        const known = (await tx.lock('account', body.id))?.value;
        if (known?.kind === 'service')
          throw new ServerError('ACCOUNT_RESERVED', `The account ${body.id} is the product's own`);
        const next: Account = {
          ...body,
          kind: 'person',
          isDisabled: known?.isDisabled ?? false,
          createdAt: known?.createdAt ?? now(),
        };
        await tx.put('account', next.id, next);
        return next;
      });
      const { id, displayName, roles, verifiedEmails } = account;
      return { id, displayName, roles: [...roles], verifiedEmails: [...verifiedEmails] };
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/accounts/:account/tokens',
      right: 'admin',
      summary: "Makes a token of a person's account",
      body: createAccountTokenBody,
      answer: tokenView,
    },
    async ({ body, param }) => {
      const account = (await store.get('account', param('account')))?.value;
      if (account?.kind !== 'person') throw new ServerError('NOT_FOUND', `There is no person ${param('account')}`);
      const minted = mintToken({ account: account.id, purpose: 'person', label: body.label, now: now() });
      await store.transact((tx) => tx.put('token', minted.token.id, minted.token));
      return { id: minted.token.id, secret: minted.secret };
    },
  );
}
