import type { Account, AccessToken, Role } from '@slipway/domain';
import { mintToken } from '@slipway/server';
import type { OpenStore } from '@slipway/store';

/** Makes an account, or gives an existing one these roles and addresses. */
export async function putAccount(
  store: OpenStore,
  account: {
    readonly id: string;
    readonly displayName: string;
    readonly kind: Account['kind'];
    readonly roles: readonly Role[];
    readonly verifiedEmails?: readonly string[];
  },
): Promise<void> {
  const createdAt = new Date().toISOString();
  await store.transact(async (tx) => {
    const known = (await tx.lock('account', account.id))?.value;
    await tx.put('account', account.id, {
      verifiedEmails: [],
      isDisabled: false,
      ...account,
      createdAt: known?.createdAt ?? createdAt,
    });
  });
}

/** A new token of an account; tokens of the same label that it had before end. */
export async function renewToken(
  store: OpenStore,
  request: {
    readonly account: string;
    readonly purpose: AccessToken['purpose'];
    readonly label: string;
    readonly scopes?: readonly string[];
  },
): Promise<string> {
  const now = new Date().toISOString();
  const minted = mintToken({ ...request, now });
  await store.transact(async (tx) => {
    const older = await tx.list('token', { match: { account: request.account, label: request.label } });
    for (const { value } of older)
      if (value.revokedAt === undefined) await tx.put('token', value.id, { ...value, revokedAt: now });
    await tx.put('token', minted.token.id, minted.token);
  });
  return minted.secret;
}

/** Accounts of the product itself: each with a fresh secret at each start, so that an old one is worth nothing. */
export async function openServiceAccounts(
  store: OpenStore,
): Promise<{ readonly service: string; readonly operator: string; readonly runtime: string }> {
  await putAccount(store, { id: 'slipway', displayName: 'Slipway', kind: 'service', roles: ['developer'] });
  await putAccount(store, { id: 'operator', displayName: 'Operator', kind: 'service', roles: ['operator'] });
  return {
    service: await renewToken(store, { account: 'slipway', purpose: 'person', label: 'the server itself' }),
    operator: await renewToken(store, {
      account: 'operator',
      purpose: 'operator',
      label: 'the operator of this server',
    }),
    runtime: await renewToken(store, {
      account: 'slipway',
      purpose: 'stage',
      label: 'the local runtime',
      scopes: ['registry:pull:*'],
    }),
  };
}

/** A one-time link for the first admin, while there is none; it ends after an hour or with its use. */
export async function firstAdminLink(store: OpenStore, url: string): Promise<string | undefined> {
  const accounts = await store.list('account', { match: { kind: 'person' } });
  if (accounts.some(({ value }) => value.roles.includes('admin') && value.id !== 'admin')) return undefined;
  const tokens = await store.list('token', { match: { account: 'admin', purpose: 'person' } });
  if (tokens.length > 0) return undefined;
  await putAccount(store, { id: 'admin', displayName: 'Admin', kind: 'person', roles: ['admin'] });
  const now = Date.now();
  const minted = mintToken({
    account: 'admin',
    purpose: 'login-link',
    label: 'first admin',
    expiresAt: new Date(now + 3_600_000).toISOString(),
    now: new Date(now).toISOString(),
  });
  await store.transact((tx) => tx.put('token', minted.token.id, minted.token));
  return `${url}/login#token=${minted.secret}`;
}
