import { objectKey } from '@slipway/manifests';
import type { CanaryContext } from './canary-context.ts';
import { canaryLabels, type CanaryState, keepCanary } from './canary-state.ts';
import { clearWeights, setWeights } from './converge-canary.ts';
import { readTotals, sinceTotals } from './measure-canary.ts';

/** How long weights stay after their canary was removed: a pod that is ending must not be taken for one of many. */
export const removalGraceMs = 2_000;

/** What is left to do of an end: nothing, or to come back. */
export interface EndedCanary {
  readonly state: CanaryState;
  /** Absent: it is over. */
  readonly retryAfterMs?: number;
}

/**
 * Takes the canary's share and its Deployments away, and then its weights. Safe to repeat and to stop anywhere: the state says already
 * that it ends, and stable serves from the first line on.
 */
export async function removeCanary(
  context: CanaryContext,
  ending: CanaryState,
  end: 'aborted' | 'promoted',
): Promise<EndedCanary> {
  const { services, policy, signal } = context;
  const removed = ending.removedAt === undefined ? await takeAway(context, ending, end) : ending;
  const now = services.now();
  const sinceMs = Date.parse(now) - Date.parse(removed.removedAt ?? now);
  if (services.target.sharing === 'weights' && sinceMs < removalGraceMs) {
    // The clock went back: the time begins anew, so that it ends.
    const state = sinceMs < 0 ? await keepCanary(context, { ...removed, removedAt: now }) : removed;
    return { state, retryAfterMs: removalGraceMs - Math.max(0, sinceMs) };
  }
  // One that came back meanwhile, by a pass that was superseded, goes before the weights do.
  for (const left of await services.target.list(canaryLabels(policy), { signal }))
    await services.target.remove(objectKey(left), canaryLabels(policy), { signal });
  await clearWeights(context);
  // Once more: what was under way when it was removed has been answered by now.
  const requests = sinceTotals(await readTotals(context, removed, 'canary'), removed.totalsAtStart) ?? removed.requests;
  const counted = requests === undefined ? {} : { requests };
  return { state: await keepCanary(context, { ...removed, ...counted, phase: end }) };
}

async function takeAway(
  context: CanaryContext,
  ending: CanaryState,
  end: 'aborted' | 'promoted',
): Promise<CanaryState> {
  const { services, policy, signal } = context;
  await setWeights(context, ending, { percent: 0 });
  await services.checkpoint(end === 'aborted' ? 'canary-aborted' : 'canary-replaced');
  const requests = sinceTotals(await readTotals(context, ending, 'canary'), ending.totalsAtStart);
  const totalsAtAbort = end === 'aborted' ? await readTotals(context, ending, 'services') : undefined;
  for (const live of await services.target.list(canaryLabels(policy), { signal })) {
    await services.target.remove(objectKey(live), canaryLabels(policy), { signal });
    await services.checkpoint('canary-removed');
  }
  return keepCanary(context, {
    ...ending,
    weight: end === 'aborted' ? 0 : ending.weight,
    served: 0,
    realShare: 0,
    removedAt: services.now(),
    ...(requests === undefined ? {} : { requests }),
    ...(totalsAtAbort === undefined ? {} : { totalsAtAbort }),
  });
}
