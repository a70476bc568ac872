import {
  type Account,
  decidePromotion,
  type DesiredState,
  type Digest,
  type Name,
  type Promotion,
} from '@slipway/domain';
import { readEntryFacts, type StoreTransaction } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import type { DeliveryServices } from '../services.ts';
import { startPromotion } from './advance-delivery.ts';
import { readEnvironment, upstreamFacts } from './upstream-facts.ts';
import { knownEnvironment } from '../environments/known-environment.ts';

export interface PromotionRequest {
  readonly application: Name;
  readonly environment: Name;
  /** Default: what runs verified in the environment before. */
  readonly release?: Digest;
  readonly reason?: string;
}

/**
 * A person asks for a promotion. Gates but the approvals must be met; a protected environment then waits for a second person.
 *
 * @throws {@link DeliveryError} `PROMOTION_REFUSED` with every unmet gate, `PROMOTION_ENTRY`, `PROMOTION_UNKNOWN`.
 */
export async function requestPromotion(
  services: DeliveryServices,
  account: Account,
  request: PromotionRequest,
): Promise<Promotion> {
  return services.store.transact(async (tx) => {
    const { upstream, downstream } = await neighbours(tx, request);
    const state = await readEnvironment(tx, upstream);
    const facts = upstreamFacts(state, services.now());
    const release = request.release ?? upstream.authorised?.release;
    if (release === undefined)
      throw new DeliveryError('PROMOTION_REFUSED', `No release runs in environment ${upstream.environment} yet`);
    const decision = decidePromotion({
      environment: { ...downstream.definition, approvals: 0 },
      release,
      upstream: facts,
      unpinned: [],
      foreign: [],
      approvals: [],
      ...(await entryOfRequest(tx, downstream, services.now())),
    });
    if (decision.kind === 'refused') {
      const why = decision.unmet.map((one) => one.message).join(' ');
      throw new DeliveryError('PROMOTION_REFUSED', why.replace(/\.$/, ''), {
        facts: { gate: decision.unmet[0]?.gate ?? '' },
      });
    }
    const reason = request.reason === undefined ? {} : { reason: request.reason };
    return startPromotion(tx, {
      upstream,
      downstream,
      release,
      requestedBy: account.id,
      ...reason,
      now: services.now(),
    });
  });
}

async function neighbours(
  tx: StoreTransaction,
  request: PromotionRequest,
): Promise<{ readonly upstream: DesiredState; readonly downstream: DesiredState }> {
  const downstream = await knownEnvironment(tx, request);
  const [upstream] = await tx.list('desiredState', {
    match: { application: request.application, order: downstream.order - 1 },
  });
  if (upstream === undefined)
    throw new DeliveryError('PROMOTION_ENTRY', `Environment ${request.environment} has none before it`);
  return { upstream: upstream.value, downstream };
}

/** A closed window does not keep a request back that a second person has to approve: it keeps its merge back. A hold does both. */
async function entryOfRequest(
  tx: StoreTransaction,
  downstream: DesiredState,
  now: string,
): ReturnType<typeof readEntryFacts> {
  const { holds, window } = await readEntryFacts(tx, downstream, now);
  return { holds, window: downstream.definition.class === 'protected' ? { kind: 'open' } : window };
}
