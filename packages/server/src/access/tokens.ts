import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccessToken, Account } from '@slipway/domain';
import type { RecordReader, StoreTransaction } from '@slipway/ports';

/** Who is asking, and with what. */
export interface Principal {
  readonly account: Account;
  readonly token: AccessToken;
}

/** A new token; `secret` is shown once and never stored. */
export interface MintedToken {
  readonly token: AccessToken;
  readonly secret: string;
}

export interface TokenRequest {
  readonly account: string;
  readonly purpose: AccessToken['purpose'];
  readonly label: string;
  readonly scopes?: readonly string[];
  readonly expiresAt?: string;
  readonly now: string;
}

const shape = /^slw_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** Makes a token of 256 random bits. */
export function mintToken(request: TokenRequest): MintedToken {
  const id = randomBytes(8).toString('hex');
  const secret = `slw_${id}_${randomBytes(32).toString('base64url')}`;
  const token: AccessToken = {
    id,
    account: request.account,
    secretHash: hashSecret(secret).toString('hex'),
    purpose: request.purpose,
    label: request.label,
    ...(request.scopes === undefined ? {} : { scopes: request.scopes }),
    createdAt: request.now,
    ...(request.expiresAt === undefined ? {} : { expiresAt: request.expiresAt }),
  };
  return { token, secret };
}

function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The principal of a secret; absent for anything that is not a living token of a living account. */
export async function findPrincipal(reader: RecordReader, secret: string, now: string): Promise<Principal | undefined> {
  const id = shape.exec(secret)?.[1];
  const token = id === undefined ? undefined : (await reader.get('token', id))?.value;
  if (token === undefined || token.revokedAt !== undefined) return undefined;
  if (!timingSafeEqual(hashSecret(secret), Buffer.from(token.secretHash, 'hex'))) return undefined;
  if (token.expiresAt !== undefined && token.expiresAt <= now) return undefined;
  const account = (await reader.get('account', token.account))?.value;
  return account === undefined || account.isDisabled ? undefined : { account, token };
}

/** Ends a token at once; one that is gone already stays so. */
export async function revokeToken(tx: StoreTransaction, id: string, now: string): Promise<void> {
  const token = (await tx.lock('token', id))?.value;
  if (token !== undefined && token.revokedAt === undefined) await tx.put('token', id, { ...token, revokedAt: now });
}
