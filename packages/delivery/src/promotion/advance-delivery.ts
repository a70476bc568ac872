import { decidePromotion, type DesiredState, type Promotion, shortDigest } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { readEnvironment, upstreamFacts } from './upstream-facts.ts';

/** Name of the effect that writes a promotion into the config repository. */
export const promoteEffect = 'delivery.promote';

/**
 * Promotes what an environment proved to the next one, if that one is open; in the caller's transaction.
 *
 * Level-triggered: it looks at what is true now and may be called at any time, also for nothing.
 */
export async function advanceDelivery(tx: StoreTransaction, upstream: DesiredState, now: string): Promise<void> {
  const downstream = await nextEnvironment(tx, upstream);
  const release = upstream.authorised?.release;
  if (downstream === undefined || release === undefined || downstream.definition.class === 'protected') return;
  if (downstream.authorised?.release === release && downstream.pending === undefined) return;
  const state = await readEnvironment(tx, upstream);
  const decision = decidePromotion({
    environment: downstream.definition,
    release,
    upstream: upstreamFacts(state, now),
    unpinned: [],
    foreign: [],
    approvals: [],
  });
  if (decision.kind === 'refused') return;
  await startPromotion(tx, { upstream, downstream, release, requestedBy: 'policy', now });
}

/** The environment after, in the order of promotion. */
export async function nextEnvironment(
  tx: Pick<StoreTransaction, 'list'>,
  upstream: DesiredState,
): Promise<DesiredState | undefined> {
  const [found] = await tx.list('desiredState', {
    match: { application: upstream.application, order: upstream.order + 1 },
  });
  return found?.value;
}

/** What a promotion starts from. */
export interface PromotionStart {
  readonly upstream: DesiredState;
  readonly downstream: DesiredState;
  readonly release: Promotion['release'];
  readonly requestedBy: string;
  readonly reason?: string;
  readonly now: string;
}

/** Creates a promotion with its effect; one for the same release and the same state of the environment is that one. */
export async function startPromotion(tx: StoreTransaction, start: PromotionStart): Promise<Promotion> {
  const { upstream, downstream, release } = start;
  const key = downstream.closureKey === undefined ? downstream.head.slice(0, 12) : shortDigest(downstream.closureKey);
  const id = `${downstream.application}/${downstream.environment}/${shortDigest(release)}.${key}`;
  await tx.lockName(`promotion/${id}`);
  const known = (await tx.get('promotion', id))?.value;
  if (known !== undefined) return known;
  const promotion: Promotion = {
    id,
    application: downstream.application,
    environment: downstream.environment,
    from: upstream.environment,
    release,
    ...(downstream.authorised === undefined ? {} : { fromRevision: downstream.authorised.revision }),
    phase: 'running',
    requestedBy: start.requestedBy,
    ...(start.reason === undefined ? {} : { reason: start.reason }),
    message: 'It is being written into the config repository.',
    approvals: [],
    requestedAt: start.now,
  };
  await tx.put('promotion', id, promotion);
  await tx.effect({ kind: promoteEffect, key: `${id}/promote`, payload: { promotion: id } });
  return promotion;
}
