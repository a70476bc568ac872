import { type CanaryStrategy, CodedError, decideCanary } from '@slipway/domain';
import { type ApplyPlan, applyPlan, planApply } from '../apply-render.ts';
import { awaitRollout } from '../await-rollout.ts';
import type { AuthorisedRender } from '../policy.ts';
import { beginState } from './begin-canary.ts';
import type { CanaryContext } from './canary-context.ts';
import { canaryLabels, type CanaryState, isStanding, keepCanary, lostCanary, readCanary } from './canary-state.ts';
import { applyBeside, convergeCanary } from './converge-canary.ts';
import { removeCanary } from './end-canary.ts';
import { takeMeasurements } from './measure-canary.ts';

/** What a pass over a canary came to. */
export type CanaryOutcome =
  /** The render goes the ordinary way; the state tells of what came before, where there is one. */
  | { readonly kind: 'ordinary'; readonly state?: CanaryState }
  | { readonly kind: 'waiting'; readonly state: CanaryState; readonly retryAfterMs: number }
  | { readonly kind: 'aborted'; readonly state: CanaryState };

const healthPollMs = 1_000;
const longestWaitMs = 60_000;
const shortestWaitMs = 50;

/**
 * Takes a canary as far as it gets without waiting.
 *
 * Keeps nothing: the state is read from the target and written there before each effect, so that a pass may be killed between any two
 * lines. Whatever waits returns, and the worker is free.
 */
export async function runCanary(
  context: CanaryContext,
  facts: { readonly authorised: AuthorisedRender; readonly text: string },
): Promise<CanaryOutcome> {
  const { services, policy, signal } = context;
  const { authorised, text } = facts;
  const { strategy } = authorised;
  const state = (await readCanary(context)) ?? (strategy.kind === 'canary' ? await findLost(context) : undefined);
  const own = strategy.kind === 'canary' && state?.renderDigest === authorised.renderDigest ? state : undefined;
  if (own === undefined && state !== undefined && isStanding(state)) {
    const outcome = await abort(context, state, 'Another render was authorised; the one before serves on.');
    if (outcome.kind === 'waiting') return outcome;
  }
  if (strategy.kind !== 'canary') return { kind: 'ordinary', ...(state === undefined ? {} : { state }) };
  if (own?.phase === 'promoted') return { kind: 'ordinary', state: own };
  if (own?.phase === 'aborting' || own?.phase === 'aborted') return abort(context, own, own.message);
  const plan = await planApply(services.target, policy, { text, signal });
  const begun = own ?? (await beginState(context, plan, authorised));
  if (begun === undefined) return { kind: 'ordinary', ...(state === undefined ? {} : { state }) };
  try {
    const kept = await keepCanary(context, begun);
    if (kept.phase === 'promoting') return await promote(context, kept, plan);
    await applyBeside(context, kept, plan);
    return await takeSteps(context, kept, { plan, strategy });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodedError) || error.retry !== 'never') throw error;
    const current = (await readCanary(context)) ?? begun;
    // What failed while everything was being replaced is the rollout's failure; the canary serves on beside it.
    if (current.isReplacing === true || !isStanding(current)) throw error;
    return await abort(context, current, error.message);
  }
}

/** Remembers that a render is live, so that what somebody changes by hand later is put back and not tried as a canary. */
export async function rememberLive(
  context: CanaryContext,
  state: CanaryState | undefined,
  authorised: AuthorisedRender,
): Promise<void> {
  const { renderDigest, revision, strategy } = authorised;
  if (state === undefined && strategy.kind !== 'canary') return;
  if (state?.phase === 'promoted' && state.renderDigest === renderDigest) return;
  const message = 'It went live without a canary.';
  await keepCanary(context, {
    ...lostCanary(context.services.now()),
    phase: 'promoted',
    renderDigest,
    revision,
    message,
  });
}

/** Canary Deployments without a state: somebody removed it. */
async function findLost({ services, policy, signal }: CanaryContext): Promise<CanaryState | undefined> {
  const left = await services.target.list(canaryLabels(policy), { signal });
  return left.length === 0 ? undefined : lostCanary(services.now());
}

async function abort(context: CanaryContext, state: CanaryState, reason: string): Promise<CanaryOutcome> {
  if (state.phase === 'aborted') return { kind: 'aborted', state };
  const aborting = await keepCanary(context, { ...state, phase: 'aborting', message: reason });
  const ended = await removeCanary(context, aborting, 'aborted');
  if (ended.retryAfterMs !== undefined)
    return { kind: 'waiting', state: ended.state, retryAfterMs: ended.retryAfterMs };
  return { kind: 'aborted', state: ended.state };
}

async function takeSteps(
  context: CanaryContext,
  kept: CanaryState,
  facts: { readonly plan: ApplyPlan; readonly strategy: CanaryStrategy },
): Promise<CanaryOutcome> {
  const { services, policy } = context;
  const { plan, strategy } = facts;
  let state = kept;
  // A turn ends a step, or the pass.
  for (let turn = 0; turn <= 2 * strategy.steps.length + 2; turn++) {
    const health = await convergeCanary(context, state, plan);
    if (health.kind !== 'healthy') return awaitHealth(context, state, health);
    state = served(state, health.realShare);
    const { canaryControl: said } = policy;
    const now = {
      now: services.now(),
      servedWeight: state.weight,
      ...(said?.renderDigest === state.renderDigest ? { control: said } : {}),
    };
    let { action, progress } = decideCanary(state, strategy, { ...now, measurements: [] });
    if (action.kind === 'measure') {
      const measurements = await takeMeasurements(context, state, action.due);
      ({ action, progress } = decideCanary(progress, strategy, { ...now, now: services.now(), measurements }));
      state = await keepCanary(context, { ...state, ...progress });
      await services.checkpoint('canary-measured');
    } else state = await keepCanary(context, { ...state, ...progress });
    if (action.kind === 'abort') return abort(context, state, action.reason);
    if (action.kind === 'promote') return promote(context, state, plan);
    if (action.kind === 'wait' || action.kind === 'pause-inconclusive')
      return { kind: 'waiting', state, retryAfterMs: waitMs(action.until, services.now()) };
  }
  return { kind: 'waiting', state, retryAfterMs: healthPollMs };
}

/** The state once the target gives the canary what was wanted. */
function served(state: CanaryState, realShare: number): CanaryState {
  const { unhealthySince: _over, ...healthy } = state;
  return { ...healthy, served: state.weight, realShare };
}

/** A canary that is not healthy gets nothing more, and ends when it is not healthy in time. */
async function awaitHealth(
  context: CanaryContext,
  state: CanaryState,
  health: { readonly kind: 'waiting' | 'failed'; readonly message: string },
): Promise<CanaryOutcome> {
  const { services, policy } = context;
  const now = services.now();
  const known = state.unhealthySince ?? now;
  const since = Date.parse(known) > Date.parse(now) ? now : known;
  const isLate = Date.parse(now) - Date.parse(since) >= policy.rolloutDeadlineMs;
  if (health.kind === 'failed' || isLate) return abort(context, state, `The canary is not healthy: ${health.message}`);
  return {
    kind: 'waiting',
    state: await keepCanary(context, { ...state, unhealthySince: since }),
    retryAfterMs: healthPollMs,
  };
}

/** All requests go to the canary while everything is replaced; then stable takes over, and the canary is removed. */
async function promote(context: CanaryContext, state: CanaryState, plan: ApplyPlan): Promise<CanaryOutcome> {
  const { services, policy, signal } = context;
  let promoting = await keepCanary(context, { ...state, weight: 100 });
  if (promoting.removedAt === undefined) {
    await services.checkpoint('canary-promoting');
    if (promoting.isReplacing !== true) {
      const health = await convergeCanary(context, promoting, plan);
      if (health.kind !== 'healthy') return awaitHealth(context, promoting, health);
      promoting = await keepCanary(context, { ...served(promoting, health.realShare), isReplacing: true });
    }
    // What left the render serves the old pods until the last of them is gone: it is pruned by the ordinary pass after this.
    const applied = await applyPlan(services, policy, { plan: { ...plan, remove: [] }, signal });
    await awaitRollout(services.target, policy, { applied, signal });
  }
  const ended = await removeCanary(context, promoting, 'promoted');
  if (ended.retryAfterMs !== undefined)
    return { kind: 'waiting', state: ended.state, retryAfterMs: ended.retryAfterMs };
  return { kind: 'ordinary', state: ended.state };
}

function waitMs(until: string | undefined, now: string): number {
  if (until === undefined) return longestWaitMs;
  return Math.min(longestWaitMs, Math.max(shortestWaitMs, Date.parse(until) - Date.parse(now)));
}
