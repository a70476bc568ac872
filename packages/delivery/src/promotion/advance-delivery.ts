import { decidePromotion, type DesiredState, isFinal, type Promotion, shortDigest } from '@slipway/domain';
import { readEntryFacts, type StoreTransaction } from '@slipway/ports';
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
    ...(await readEntryFacts(tx, downstream, now)),
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

/**
 * Creates a promotion with its effect; one for the same release and the same state of the environment is that one, while it goes on.
 *
 * One that ended and is not what runs there now is begun again: by a person always, by automation only when it had succeeded (the
 * environment went back since), so that a failure is not tried again and again.
 */
export async function startPromotion(tx: StoreTransaction, start: PromotionStart): Promise<Promotion> {
  const { upstream, downstream, release } = start;
  const key = downstream.closureKey === undefined ? downstream.head.slice(0, 12) : shortDigest(downstream.closureKey);
  const place = `${downstream.application}/${downstream.environment}`;
  await tx.lockName(`promotions/${place}`);
  const going = await runningPromotion(tx, start);
  if (going !== undefined) return going;
  const { id, known } = await freeId(tx, `${place}/${shortDigest(release)}.${key}`, (last) => mayRepeat(last, start));
  if (known !== undefined) return known;
  const promotion: Promotion = {
    id,
    kind: 'promotion',
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
  await beginPromotion(tx, promotion);
  return promotion;
}

/** One that goes on is that one, also when its own commit has changed what the branch says meanwhile. */
async function runningPromotion(
  tx: StoreTransaction,
  { downstream, release }: PromotionStart,
): Promise<Promotion | undefined> {
  const { application, environment } = downstream;
  const match = { application, environment, release, kind: 'promotion', phase: 'running' };
  return (await tx.list('promotion', { match, newestFirst: true, limit: 1 }))[0]?.value;
}

function mayRepeat(last: Promotion, { downstream, release, requestedBy }: PromotionStart): boolean {
  const runsThere = downstream.authorised?.release === release && downstream.pending === undefined;
  if (runsThere) return false;
  // Without a commit it never came to a try: a hold or a window had come first.
  const wasTried = last.phase !== 'succeeded' && last.commit !== undefined;
  return requestedBy === 'policy' ? !wasTried && last.phase !== 'errored' : true;
}

/** The newest promotion of a base id while it stands, else the next free id: `base`, then `base.2` and so on. */
export async function freeId(
  tx: StoreTransaction,
  base: string,
  mayRepeat: (last: Promotion) => boolean,
): Promise<{ readonly id: string; readonly known?: Promotion }> {
  await tx.lockName(`promotion/${base}`);
  for (let attempt = 1; ; attempt++) {
    const id = attempt === 1 ? base : `${base}.${attempt}`;
    const known = (await tx.get('promotion', id))?.value;
    if (known === undefined) return { id };
    if (!isFinal[known.phase] || !mayRepeat(known)) return { id, known };
  }
}

/** Keeps a new promotion and starts its effect. */
export async function beginPromotion(tx: StoreTransaction, promotion: Promotion): Promise<void> {
  await tx.put('promotion', promotion.id, promotion);
  await tx.effect({ kind: promoteEffect, key: `${promotion.id}/promote`, payload: { promotion: promotion.id } });
}
