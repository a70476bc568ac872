import {
  type Account,
  asSentence,
  type BreakGlass,
  type DesiredState,
  InvariantError,
  type Promotion,
  shortDigest,
} from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import { placeHold } from '../holds/holds.ts';
import { beginPromotion, freeId } from '../promotion/advance-delivery.ts';
import type { DeliveryServices } from '../services.ts';
import { openRollback, previewRollback, type RollbackPreview, type RollbackRequest } from './preview-rollback.ts';

export interface RollbackOrder extends RollbackRequest {
  readonly reason: string;
  /** Goes in before a second person has approved it; one reviews it within {@link reviewWithinMs}. */
  readonly isEmergency?: boolean;
}

/** A second person reviews an emergency rollback within this time. */
export const reviewWithinMs = 86_400_000;

/**
 * A person asks for a rollback: a commit that reverts, in a pull request for a protected environment. From now on a hold keeps
 * everything else out of the environment.
 *
 * @throws {@link DeliveryError} `ROLLBACK_REFUSED` with every reason, `ROLLBACK_CONFLICT`, `PROMOTION_UNKNOWN`.
 */
export async function requestRollback(
  services: DeliveryServices,
  account: Account,
  order: RollbackOrder,
): Promise<Promotion> {
  const preview = await previewRollback(services, order);
  const { desired, decision } = preview;
  if (decision.kind === 'refused') throw refused(decision.unmet.map((one) => one.message).join(' '));
  return services.store.transact(async (tx) => {
    const known = (await tx.lock('desiredState', desired.id))?.value;
    const open = await openRollback(tx, desired);
    if (open !== undefined) throw refused(`${open.requestedBy} has begun a rollback of ${desired.id} meanwhile`);
    if (known?.authorised?.revision !== desired.authorised?.revision)
      throw refused(`Environment ${desired.environment} has moved meanwhile: look at it again`);
    const at = services.now();
    const glass = order.isEmergency === true && desired.definition.class === 'protected' ? breakGlass(account, at) : {};
    const promotion = rollbackOf(preview, { id: await rollbackId(tx, preview), requestedBy: account.id, at });
    const next = { ...promotion, reason: order.reason, ...glass };
    await beginPromotion(tx, next);
    await holdFor(tx, desired, { promotion: next, by: account.id, at });
    return next;
  });
}

function refused(message: string): DeliveryError {
  return new DeliveryError('ROLLBACK_REFUSED', message.replace(/\.$/, ''));
}

function breakGlass(account: Account, at: string): { readonly breakGlass: BreakGlass } {
  const reviewUntil = new Date(Date.parse(at) + reviewWithinMs).toISOString();
  return { breakGlass: { by: account.id, at, reviewUntil } };
}

async function rollbackId(tx: StoreTransaction, preview: RollbackPreview): Promise<string> {
  const { desired, edit } = preview;
  if (edit === undefined) throw new InvariantError('a rollback without an edit was not refused');
  const key = desired.closureKey === undefined ? desired.head.slice(0, 12) : shortDigest(desired.closureKey);
  const { id } = await freeId(tx, `${desired.id}/back-${shortDigest(edit.release)}.${key}`, () => true);
  return id;
}

/** The record of a rollback as previewed. */
function rollbackOf(
  preview: RollbackPreview,
  facts: { readonly id: string; readonly requestedBy: string; readonly at: string },
): Promotion {
  const { desired, edit, target, part, reverts } = preview;
  if (edit === undefined || target === undefined || desired.authorised === undefined)
    throw new InvariantError('a rollback without a target was not refused');
  return {
    id: facts.id,
    kind: 'rollback',
    application: desired.application,
    environment: desired.environment,
    release: edit.release,
    fromRevision: desired.authorised.revision,
    phase: 'running',
    requestedBy: facts.requestedBy,
    message: 'It is being written into the config repository.',
    approvals: [],
    requestedAt: facts.at,
    rollback: {
      part,
      cause: 'person',
      toDeployment: target.deployment,
      toRevision: target.revision,
      reverts: reverts.map(({ commit }) => commit),
      method: edit.method,
    },
  };
}

async function holdFor(
  tx: StoreTransaction,
  desired: DesiredState,
  facts: { readonly promotion: Promotion; readonly by: string; readonly at: string },
): Promise<void> {
  const { promotion, by, at } = facts;
  await placeHold(tx, {
    id: `${desired.id}/rollback-${promotion.id.split('/').at(-1) ?? ''}`,
    application: desired.application,
    environment: desired.environment,
    cause: 'rollback',
    reason: asSentence(`It was rolled back: ${promotion.reason ?? 'no reason given'}`),
    placedBy: by,
    placedAt: at,
    about: promotion.id,
  });
}
