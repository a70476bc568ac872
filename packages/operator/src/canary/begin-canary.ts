import { beginCanary } from '@slipway/domain';
import { objectKey, printKey } from '@slipway/manifests';
import type { KubeObject } from '@slipway/ports';
import { type ApplyPlan, ownerLabels, type PlannedApply } from '../apply-render.ts';
import { OperatorError } from '../operator-error.ts';
import { type AuthorisedRender, policyKey } from '../policy.ts';
import type { CanaryContext } from './canary-context.ts';
import { canaryName, replicasOf, selects, templateText } from './canary-objects.ts';
import type { CanaryState, SharedService } from './canary-state.ts';
import { readTotals } from './measure-canary.ts';

/** Deployments of a plan that are there already and get other pods. */
export function changedDeployments(plan: ApplyPlan): readonly PlannedApply[] {
  return plan.outcomes.filter(
    ({ action, desired, before, object }) =>
      action === 'configured' && desired.kind === 'Deployment' && templateText(before) !== templateText(object),
  );
}

/** The state of a canary that begins; absent when no pod would change. Nothing is written. */
export async function beginState(
  context: CanaryContext,
  plan: ApplyPlan,
  authorised: AuthorisedRender,
): Promise<CanaryState | undefined> {
  const { services, policy, signal } = context;
  const changed = changedDeployments(plan);
  if (changed.length === 0) return undefined;
  const live = await services.target.list(ownerLabels(policy), { signal });
  const names = changed.map(({ desired }) => desired.metadata.name);
  const objects = [...live, ...plan.outcomes.map(({ desired }) => desired)];
  const taken = objects.find((one) => one.kind === 'Deployment' && names.map(canaryName).includes(one.metadata.name));
  if (taken !== undefined) {
    const what = `${policyKey(policy)} has a Deployment ${taken.metadata.name}, which is what a canary would be called`;
    throw new OperatorError('CANARY_NAME_TAKEN', what);
  }
  const now = services.now();
  const begun = {
    ...beginCanary(now),
    renderDigest: authorised.renderDigest,
    revision: authorised.revision,
    startedAt: now,
    deployments: names,
    services: sharedServices(live, plan, changed),
    held: plan.outcomes
      .filter(({ action }) => action === 'configured')
      .map(({ desired }) => printKey(objectKey(desired))),
    served: 0,
    realShare: 0,
  };
  const totalsAtStart = await readTotals(context, begun, 'canary');
  return { ...begun, ...(totalsAtStart === undefined ? {} : { totalsAtStart }) };
}

/** Services, live or about to be, that would send requests to a canary. */
function sharedServices(
  live: readonly KubeObject[],
  plan: ApplyPlan,
  changed: readonly PlannedApply[],
): readonly SharedService[] {
  const created = plan.outcomes.filter(({ action }) => action === 'created').map(({ desired }) => desired);
  const services = [...live, ...created].filter(({ kind }) => kind === 'Service');
  const deployments = live.filter(({ kind }) => kind === 'Deployment');
  return services
    .filter((service) => changed.some(({ object }) => selects(service, object)))
    .map((service) => ({
      name: service.metadata.name,
      deployments: deployments
        .filter((deployment) => selects(service, deployment))
        .map((deployment) => ({ name: deployment.metadata.name, replicas: replicasOf(deployment) })),
    }));
}
