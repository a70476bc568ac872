import {
  type Account,
  contentDigest,
  type EvidenceStatement,
  type Freeze,
  parseName,
  statementIds,
} from '@slipway/domain';
import { DeliveryError } from '../delivery-error.ts';
import type { DeliveryServices } from '../services.ts';

export interface FreezeRequest {
  /** Absent: every application. */
  readonly application?: string;
  /** Absent: every protected environment. */
  readonly environment?: string;
  /** Default now. */
  readonly from?: string;
  readonly to: string;
  readonly reason: string;
}

/** Freezes environments for a time. @throws {@link DeliveryError} `FREEZE_INVALID`. */
export async function addFreeze(services: DeliveryServices, account: Account, asked: FreezeRequest): Promise<Freeze> {
  const now = services.now();
  const [from, to] = [asked.from ?? now, asked.to].map((text) => Date.parse(text));
  if (from === undefined || to === undefined || !(from < to) || to <= Date.parse(now))
    throw new DeliveryError('FREEZE_INVALID', `A freeze cannot last from ${asked.from ?? now} to ${asked.to}`);
  const freeze: Freeze = {
    id: `freeze-${Date.parse(now).toString(36)}-${account.id}`,
    ...(asked.application === undefined ? {} : { application: parseName(asked.application) }),
    ...(asked.environment === undefined ? {} : { environment: parseName(asked.environment) }),
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    reason: asked.reason,
    placedBy: account.id,
    placedAt: now,
  };
  await services.store.transact(async (tx) => {
    await tx.put('freeze', freeze.id, freeze);
    await tx.record(freezeStatement(freeze, 'placed'));
  });
  return freeze;
}

/** Ends a freeze before its time; one that has ended stays as it was. @throws {@link DeliveryError} `FREEZE_UNKNOWN`. */
export async function endFreeze(services: DeliveryServices, account: Account, id: string): Promise<Freeze> {
  return services.store.transact(async (tx) => {
    const known = (await tx.lock('freeze', id))?.value;
    if (known === undefined) throw new DeliveryError('FREEZE_UNKNOWN', `There is no freeze ${id}`);
    if (known.endedAt !== undefined) return known;
    const next: Freeze = { ...known, endedBy: account.id, endedAt: services.now() };
    await tx.put('freeze', id, next);
    await tx.record(freezeStatement(next, 'ended'));
    return next;
  });
}

function freezeStatement(freeze: Freeze, state: 'placed' | 'ended'): EvidenceStatement {
  const { id, application, environment, from, to, reason } = freeze;
  return {
    id: statementIds.freeze(id, state),
    kind: 'hold',
    subjects: [{ name: `freeze:${id}`, digest: { sha256: contentDigest({ freeze: id }).slice('sha256:'.length) } }],
    predicate: {
      what: state === 'placed' ? 'frozen' : 'freeze ended',
      ...(application === undefined ? {} : { application }),
      ...(environment === undefined ? {} : { environment }),
      from,
      to,
      reason,
      account: state === 'ended' ? (freeze.endedBy ?? 'policy') : freeze.placedBy,
    },
    links: state === 'ended' ? [statementIds.freeze(id, 'placed')] : [],
  };
}
