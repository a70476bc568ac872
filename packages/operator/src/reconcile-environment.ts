import { type CanaryReport, CodedError, type CommitId } from '@slipway/domain';
import { objectKey, printKey, renderEnvironment, treeAt } from '@slipway/manifests';
import type { GitRepository, MetricsProvider, Renderer, Target } from '@slipway/ports';
import type { KeyObject } from 'node:crypto';
import { applyPlan, type Applied, ownerLabels, planApply, writesSomething } from './apply-render.ts';
import {
  type AuthorisedRender,
  type EnvironmentPolicy,
  policyKey,
  type PolicyServer,
  readAuthorisation,
} from './policy.ts';
import { OperatorError } from './operator-error.ts';
import { awaitRollout } from './await-rollout.ts';
import type { CanaryContext } from './canary/canary-context.ts';
import { reportCanary } from './canary/report-canary.ts';
import { type CanaryOutcome, rememberLive, runCanary } from './canary/run-canary.ts';
import { PassReports } from './pass-reports.ts';
import type { ReconcileResult } from './reconcile-host.ts';

/** What reconciling reaches outside with. */
export interface OperatorServices {
  readonly server: PolicyServer;
  readonly serverKey: KeyObject;
  readonly renderer: Renderer;
  readonly target: Target;
  /** Asked about canaries; absent: every measurement of one is an error. */
  readonly metrics?: MetricsProvider;
  /** A bare mirror that holds the commit; fetched only when it does not yet. */
  readonly mirror: (policy: EnvironmentPolicy, commit: CommitId, signal: AbortSignal) => Promise<GitRepository>;
  readonly now: () => string;
  readonly checkpoint: (name: string) => Promise<void>;
}

/** Drift is repaired by watch events; this is only the backstop. */
const nextCheckMs = 60_000;
/** How soon a report that the server did not take is sent again. */
const unheardMs = 5_000;

/**
 * One pass over one environment: load → render → (canary) → plan → apply → observe → report.
 *
 * Keeps nothing: what was applied and whether it is healthy is read from the target each time.
 */
export async function reconcileEnvironment(
  services: OperatorServices,
  policy: EnvironmentPolicy,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  if (policy.authorisation === undefined) return { kind: 'settled', nextCheckMs };
  let authorised: AuthorisedRender;
  try {
    authorised = readAuthorisation(policy, policy.authorisation, services.serverKey);
  } catch (error) {
    // Nothing in it can be trusted, so there is no render to report on; another authorisation wakes the environment.
    if (error instanceof OperatorError) return { kind: 'stalled', error };
    throw error;
  }
  const reports = new PassReports(services, policy, { authorised, signal });
  let applied: Applied | undefined;
  let beginning = Promise.resolve();
  try {
    const text = await renderAuthorised(services, policy, { authorised, signal });
    const context = { services, policy, signal };
    const outcome = await runCanary(context, { authorised, text });
    const canary = await canaryOf(context, outcome, authorised);
    if (outcome.kind !== 'ordinary') return await reportCanaryPass(context, reports, { outcome, canary });
    const plan = await planApply(services.target, policy, { text, signal });
    // A pass that finds nothing to write has one thing to say: how it is.
    if (writesSomething(plan))
      beginning = reports.send({ phase: 'running', reason: 'Applying', message: 'The operator applies what differs.' });
    // Nobody waits for it: with the server away, what differs is repaired all the same.
    beginning.catch(() => undefined);
    applied = await applyPlan(services, policy, { plan, signal });
    await services.checkpoint('applied');
    const { observed, message } = await awaitRollout(services.target, policy, { applied, signal });
    await services.checkpoint('observed');
    await beginning.catch(() => undefined);
    await rememberLive(context, outcome.state, authorised);
    const end = { phase: 'succeeded', reason: 'Healthy', message } as const;
    await reports.send(end, applied, { observed: canary === undefined ? observed : { ...observed, canary }, canary });
    await services.checkpoint('reported');
    return { kind: 'settled', nextCheckMs };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodedError) || error.retry !== 'never') throw error;
    const phase = error.code === 'ROLLOUT_FAILED' || error.code === 'ROLLOUT_DEADLINE' ? 'failed' : 'errored';
    await beginning.catch(() => undefined);
    await reports.send({ phase, reason: error.code, message: error.message }, applied);
    return { kind: 'stalled', error };
  }
}

/** The canary that a pass has to tell about: one of this render, not one that it replaced. */
async function canaryOf(
  context: CanaryContext,
  { state }: CanaryOutcome,
  authorised: AuthorisedRender,
): Promise<CanaryReport | undefined> {
  if (state?.renderDigest !== authorised.renderDigest) return undefined;
  return reportCanary(context, state, authorised.strategy);
}

/** A canary goes on, and aborts, whether the server hears of it now or later. */
async function reportCanaryPass(
  { services, policy, signal }: CanaryContext,
  reports: PassReports,
  facts: {
    readonly outcome: Exclude<CanaryOutcome, { readonly kind: 'ordinary' }>;
    readonly canary: CanaryReport | undefined;
  },
): Promise<ReconcileResult> {
  const { outcome, canary } = facts;
  const isAborted = outcome.kind === 'aborted';
  const { message } = outcome.state;
  const end = isAborted
    ? ({ phase: 'aborted', reason: 'CanaryAborted', message } as const)
    : ({ phase: 'running', reason: canary === undefined ? 'CanaryReplaced' : 'Canary', message } as const);
  const live = await services.target.list(ownerLabels(policy), { signal });
  const inventory = live.map((object) => printKey(objectKey(object))).sort();
  const observed = canary === undefined ? {} : { canary };
  const isHeard = await reports.trySend(end, { observed, canary, inventory });
  const pauseMs = isAborted ? nextCheckMs : outcome.retryAfterMs;
  const retryAfterMs = isHeard ? pauseMs : Math.min(pauseMs, unheardMs);
  if (isAborted && isHeard) return { kind: 'settled', nextCheckMs };
  return { kind: 'waiting', reason: message, retryAfterMs };
}

/** Renders the authorised revision and holds it against the digest that was authorised. */
async function renderAuthorised(
  services: OperatorServices,
  policy: EnvironmentPolicy,
  facts: { readonly authorised: AuthorisedRender; readonly signal: AbortSignal },
): Promise<string> {
  const { authorised, signal } = facts;
  const repository = await services.mirror(policy, authorised.revision, signal);
  const rendered = await renderEnvironment(services.renderer, treeAt(repository, authorised.revision), policy);
  if (rendered.renderDigest !== authorised.renderDigest) {
    throw new OperatorError(
      'RENDER_MISMATCH',
      `${policyKey(policy)} at ${authorised.revision.slice(0, 12)} renders to ${rendered.renderDigest}, not to the authorised ${authorised.renderDigest}`,
    );
  }
  return rendered.text;
}
