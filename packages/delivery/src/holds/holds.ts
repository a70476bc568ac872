import { type Account, contentDigest, type EvidenceStatement, type Hold, statementIds } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import { observeEffect } from '../environments/observe-config.ts';
import type { DeliveryServices } from '../services.ts';
import { knownEnvironment } from '../environments/known-environment.ts';

/** Places a hold in the caller's transaction; one of that id that stands already is that one. */
export async function placeHold(tx: StoreTransaction, hold: Hold): Promise<Hold> {
  await tx.lockName(`hold/${hold.id}`);
  const known = (await tx.get('hold', hold.id))?.value;
  if (known !== undefined) return known;
  await tx.put('hold', hold.id, hold);
  await tx.record(holdStatement(hold, 'placed'));
  return hold;
}

/** A person holds an environment. @throws {@link DeliveryError} `PROMOTION_UNKNOWN`. */
export async function addHold(
  services: DeliveryServices,
  account: Account,
  asked: { readonly application: string; readonly environment: string; readonly reason: string },
): Promise<Hold> {
  const now = services.now();
  return services.store.transact(async (tx) => {
    const desired = await knownEnvironment(tx, asked);
    const id = `${desired.id}/${Date.parse(now).toString(36)}`;
    const { application, environment } = desired;
    return placeHold(tx, {
      ...{ id, application, environment, cause: 'person', reason: asked.reason },
      ...{ placedBy: account.id, placedAt: now },
    });
  });
}

/** Lifts a hold; what waited behind it is looked at anew. @throws {@link DeliveryError} `HOLD_UNKNOWN`. */
export async function liftHold(services: DeliveryServices, account: Account, id: string): Promise<Hold> {
  return services.store.transact(async (tx) => {
    const known = (await tx.lock('hold', id))?.value;
    if (known === undefined) throw new DeliveryError('HOLD_UNKNOWN', `There is no hold ${id}`);
    return endHold(tx, known, { by: account.id, at: services.now() });
  });
}

/** Ends a hold in the caller's transaction; one that was lifted before stays as it was. */
export async function endHold(
  tx: StoreTransaction,
  hold: Hold,
  lift: { readonly by: string; readonly at: string },
): Promise<Hold> {
  if (hold.liftedAt !== undefined) return hold;
  const next: Hold = { ...hold, liftedBy: lift.by, liftedAt: lift.at };
  await tx.put('hold', hold.id, next);
  await tx.record(holdStatement(next, 'lifted'));
  const desired = (await tx.get('desiredState', `${hold.application}/${hold.environment}`))?.value;
  if (desired !== undefined) {
    const payload = { repository: desired.repository };
    await tx.effect({ kind: observeEffect, key: `${desired.repository}/observe/hold/${hold.id}`, payload });
  }
  return next;
}

function holdStatement(hold: Hold, state: 'placed' | 'lifted'): EvidenceStatement {
  const placed = state === 'lifted' ? [statementIds.hold(hold.id, 'placed')] : [];
  return {
    id: statementIds.hold(hold.id, state),
    kind: 'hold',
    subjects: [
      {
        name: `environment:${hold.application}/${hold.environment}`,
        digest: { sha256: contentDigest({ hold: hold.id }).slice('sha256:'.length) },
      },
    ],
    predicate: {
      application: hold.application,
      environment: hold.environment,
      what: state,
      cause: hold.cause,
      reason: hold.reason,
      account: state === 'lifted' ? (hold.liftedBy ?? 'policy') : hold.placedBy,
      ...(hold.about === undefined ? {} : { about: hold.about }),
    },
    links: placed,
  };
}
