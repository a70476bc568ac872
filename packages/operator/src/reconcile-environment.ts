import { CodedError, type CommitId } from '@slipway/domain';
import { renderEnvironment, treeAt } from '@slipway/manifests';
import type { GitRepository, Renderer, Target } from '@slipway/ports';
import type { KeyObject } from 'node:crypto';
import { applyPlan, type Applied, planApply, writesSomething } from './apply-render.ts';
import {
  type AuthorisedRender,
  type DeploymentReport,
  type EnvironmentPolicy,
  policyKey,
  type PolicyServer,
  readAuthorisation,
} from './policy.ts';
import { OperatorError } from './operator-error.ts';
import { awaitRollout } from './await-rollout.ts';
import type { ReconcileResult } from './reconcile-host.ts';

/** What reconciling reaches outside with. */
export interface OperatorServices {
  readonly server: PolicyServer;
  readonly serverKey: KeyObject;
  readonly renderer: Renderer;
  readonly target: Target;
  /** A bare mirror that holds the commit; fetched only when it does not yet. */
  readonly mirror: (policy: EnvironmentPolicy, commit: CommitId, signal: AbortSignal) => Promise<GitRepository>;
  readonly now: () => string;
  readonly checkpoint: (name: string) => Promise<void>;
}

/** Drift is repaired by watch events; this is only the backstop. */
const nextCheckMs = 60_000;

/**
 * One pass over one environment: load → render → plan → apply → observe → report.
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
  const startedAt = services.now();
  const report = (
    end: Pick<DeploymentReport, 'phase' | 'reason' | 'message'>,
    applied?: Applied,
    observed: unknown = {},
  ): Promise<void> =>
    services.server.report(
      {
        application: policy.application,
        environment: policy.environment,
        ...authorised,
        ...end,
        inventory: applied?.inventory ?? [],
        written: applied?.written ?? 0,
        startedAt,
        observed,
      },
      signal,
    );
  let applied: Applied | undefined;
  let beginning = Promise.resolve();
  try {
    const text = await renderAuthorised(services, policy, { authorised, signal });
    const plan = await planApply(services.target, policy, { text, signal });
    // A pass that finds nothing to write has one thing to say: how it is.
    if (writesSomething(plan))
      beginning = report({ phase: 'running', reason: 'Applying', message: 'The operator applies what differs.' });
    // Nobody waits for it: with the server away, what differs is repaired all the same.
    beginning.catch(() => undefined);
    applied = await applyPlan(services, policy, { plan, signal });
    await services.checkpoint('applied');
    const { observed, message } = await awaitRollout(services.target, policy, { applied, signal });
    await services.checkpoint('observed');
    await beginning.catch(() => undefined);
    await report({ phase: 'succeeded', reason: 'Healthy', message }, applied, observed);
    await services.checkpoint('reported');
    return { kind: 'settled', nextCheckMs };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodedError) || error.retry !== 'never') throw error;
    const phase = error.code === 'ROLLOUT_FAILED' || error.code === 'ROLLOUT_DEADLINE' ? 'failed' : 'errored';
    await beginning.catch(() => undefined);
    await report({ phase, reason: error.code, message: error.message }, applied);
    return { kind: 'stalled', error };
  }
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
