import { addedOperatorView, addOperatorBody, enrolmentView, enrolOperatorBody } from '@slipway/api';
import type { Account } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import type { FastifyInstance } from 'fastify';
import { enrolKey, removeKey } from '../access/operator-keys.ts';
import { mintToken } from '../access/tokens.ts';
import { accountOf, addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';

/** Label of the tokens that admins make for operators: a new one ends the one before. */
const tokenLabel = 'operator of its own';

/** Operators as accounts: an admin makes one and hands its token over; it enrols its key; an admin may remove that key. */
export function addOperatorAccountRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.delivery;
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/operators',
      right: 'admin',
      summary: 'Makes the account of an operator and its token; another token for one that is there',
      body: addOperatorBody,
      answer: addedOperatorView,
    },
    async ({ body }) => {
      const minted = mintToken({ account: body.name, purpose: 'operator', label: tokenLabel, now: now() });
      await store.transact(async (tx) => {
        await putOperator(tx, body.name, now());
        const older = await tx.list('token', { match: { account: body.name, label: tokenLabel } });
        for (const { value } of older)
          if (value.revokedAt === undefined) await tx.put('token', value.id, { ...value, revokedAt: now() });
        await tx.put('token', minted.token.id, minted.token);
      });
      return { account: body.name, secret: minted.secret };
    },
  );
  addRoute(
    app,
    {
      method: 'DELETE',
      url: '/api/v1/operators/:operator/key',
      right: 'admin',
      summary: 'Removes the key of an operator, so that it may enrol another one',
    },
    async (call) => {
      const admin = accountOf(call).id;
      await removeKey(store, { account: call.param('operator'), admin, now: now() });
      return call.reply.code(204).send();
    },
  );
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/operator/enrol',
      right: 'operator',
      summary: 'Takes the key that the operator signs its reports with; the same one again changes nothing',
      body: enrolOperatorBody,
      answer: enrolmentView,
    },
    async (call) => {
      const asking = { account: accountOf(call).id, pem: call.body.publicKey, now: now() };
      const { account, keyId } = await enrolKey(store, asking);
      return { account, keyId, serverKey: services.serverKey };
    },
  );
}

async function putOperator(tx: StoreTransaction, id: string, now: string): Promise<void> {
  const known = (await tx.lock('account', id))?.value;
  const isOperator = known?.kind === 'service' && known.roles.includes('operator');
  if (known !== undefined && !isOperator)
    throw new ServerError('ACCOUNT_RESERVED', `The account ${id} is no operator's`);
  if (known !== undefined) return;
  const account: Account = {
    id,
    displayName: `Operator ${id}`,
    kind: 'service',
    roles: ['operator'],
    verifiedEmails: [],
    isDisabled: false,
    createdAt: now,
  };
  await tx.put('account', id, account);
}
