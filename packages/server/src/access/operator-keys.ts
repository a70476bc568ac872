import type { OperatorKey } from '@slipway/domain';
import {
  EvidenceError,
  keyFingerprint,
  type OpenedReport,
  openReport,
  parsePublicKey,
  printPublicKey,
} from '@slipway/evidence';
import type { RecordReader, Store } from '@slipway/ports';
import { ServerError } from '../server-error.ts';

/** Keys of one operator, those that were removed too. */
async function keysOf(reader: RecordReader, account: string): Promise<readonly OperatorKey[]> {
  return (await reader.list('operatorKey', { match: { account } })).map(({ value }) => value);
}

/**
 * Takes the key that an operator will sign with; the same key again changes nothing.
 *
 * Only the first one is taken on the operator's word: whoever steals its credential afterwards cannot sign in its name.
 *
 * @param asking - `pem`: SPKI PEM, Ed25519.
 * @throws {@link ServerError} `OPERATOR_KEY_TAKEN` while another one is enrolled, `OPERATOR_KEY_REMOVED` for one that an admin
 *   removed; EvidenceError `EVIDENCE_KEY_INVALID`.
 */
export async function enrolKey(
  store: Store,
  asking: { readonly account: string; readonly pem: string; readonly now: string },
): Promise<OperatorKey> {
  const { account, now } = asking;
  const publicKey = parsePublicKey(asking.pem);
  const keyId = keyFingerprint(publicKey);
  return store.transact(async (tx) => {
    await tx.lockName(`operator-key/${account}`);
    const keys = await keysOf(tx, account);
    const known = keys.find((key) => key.keyId === keyId);
    if (known?.removedAt !== undefined)
      throw new ServerError('OPERATOR_KEY_REMOVED', `The key ${keyId} of operator ${account} was removed`);
    if (known !== undefined) return known;
    const other = keys.find((key) => key.removedAt === undefined);
    if (other !== undefined)
      throw new ServerError(
        'OPERATOR_KEY_TAKEN',
        `Operator ${account} signs with the key ${other.keyId}, not with ${keyId}`,
      );
    const key = { id: `${account}/${keyId}`, account, keyId, publicKey: printPublicKey(publicKey), enrolledAt: now };
    await tx.put('operatorKey', key.id, key);
    return key;
  });
}

/**
 * Removes the key of an operator, so that it may enrol another one; the removed one is never taken again.
 *
 * @throws {@link ServerError} `NOT_FOUND` when it has none.
 */
export async function removeKey(
  store: Store,
  asking: { readonly account: string; readonly admin: string; readonly now: string },
): Promise<void> {
  const { account, admin, now } = asking;
  await store.transact(async (tx) => {
    await tx.lockName(`operator-key/${account}`);
    const key = (await keysOf(tx, account)).find((one) => one.removedAt === undefined);
    if (key === undefined) throw new ServerError('NOT_FOUND', `Operator ${account} has enrolled no key`);
    await tx.put('operatorKey', key.id, { ...key, removedAt: now, removedBy: admin });
  });
}

/**
 * Opens a report by the key that its operator has enrolled.
 *
 * @throws {@link ServerError} `OPERATOR_KEY_UNKNOWN` when it has none, `REPORT_REFUSED` when that key did not sign it.
 */
export async function readReport(reader: RecordReader, account: string, envelope: string): Promise<OpenedReport> {
  const key = (await keysOf(reader, account)).find((one) => one.removedAt === undefined);
  if (key === undefined) throw new ServerError('OPERATOR_KEY_UNKNOWN', `Operator ${account} has enrolled no key`);
  try {
    return openReport(envelope, parsePublicKey(key.publicKey));
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new ServerError('REPORT_REFUSED', `A report of operator ${account} is not signed with its key ${key.keyId}`, {
      cause: error,
    });
  }
}
