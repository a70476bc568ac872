import { assessHealth, objectKey, printKey } from '@slipway/manifests';
import { type ApplyPlan, fieldManager, ownerLabels } from '../apply-render.ts';
import type { CanaryContext } from './canary-context.ts';
import {
  canaryDeployment,
  canaryReplicas,
  realShareOf,
  replicasOf,
  weightsAnnotation,
  weightsOf,
  weightsPart,
} from './canary-objects.ts';
import { canaryManager, type CanaryState } from './canary-state.ts';

/** How the canary's Deployments are. */
export type CanaryHealth =
  | { readonly kind: 'healthy'; readonly realShare: number }
  | { readonly kind: 'waiting' | 'failed'; readonly message: string };

/** Brings what is new, and what somebody else changed, as the render has it; what the canary holds back stays. */
export async function applyBeside(context: CanaryContext, state: CanaryState, plan: ApplyPlan): Promise<void> {
  const { services, signal } = context;
  for (const { action, desired } of plan.outcomes) {
    if (action === 'unchanged' || state.held.includes(printKey(objectKey(desired)))) continue;
    await services.target.apply(desired, { fieldManager, isDryRun: false, signal });
    await services.checkpoint('object-applied');
  }
}

/**
 * Brings the canary's Deployments and weights to what the state says. The weight is raised only when the canary is healthy with the
 * replicas for it; a canary that is not there yet has weight 0 before its first pod.
 */
export async function convergeCanary(
  context: CanaryContext,
  state: CanaryState,
  plan: ApplyPlan,
): Promise<CanaryHealth> {
  await setWeights(context, state, { percent: state.served, orElse: state.weight });
  const health = await applyCanaries(context, state, plan);
  if (health.kind === 'healthy') await setWeights(context, state, { percent: state.weight });
  return health;
}

async function applyCanaries(context: CanaryContext, state: CanaryState, plan: ApplyPlan): Promise<CanaryHealth> {
  const { services, policy, signal } = context;
  const { sharing } = services.target;
  const all = { stable: 0, canary: 0 };
  const open: { readonly status: string; readonly message: string }[] = [];
  for (const name of state.deployments) {
    const planned = plan.outcomes.find(
      ({ desired }) => desired.kind === 'Deployment' && desired.metadata.name === name,
    );
    if (planned === undefined) continue;
    const stable = replicasOf(planned.object);
    const replicas = canaryReplicas(stable, Math.max(state.weight, state.served), sharing);
    all.stable += replicasOf(planned.before ?? planned.object);
    all.canary += replicas;
    const object = canaryDeployment(planned.desired, policy, replicas);
    const done = await services.target.apply(object, { fieldManager: canaryManager, isDryRun: false, signal });
    if (done.action !== 'unchanged') await services.checkpoint('canary-created');
    const { status, message } = assessHealth(done.object);
    if (status !== 'current') open.push({ status, message: `${object.metadata.name}: ${message}` });
  }
  const failed = open.filter(({ status }) => status === 'failed');
  const print = (list: typeof open): string => list.map(({ message }) => message).join('; ');
  if (failed.length > 0) return { kind: 'failed', message: print(failed) };
  if (open.length > 0) return { kind: 'waiting', message: print(open) };
  return { kind: 'healthy', realShare: realShareOf(all, state.weight, sharing) };
}

/**
 * Gives every shared Service its weights; a Service that has them, or those of `orElse`, is left alone.
 *
 * Where pods share alike there is nothing to give.
 */
export async function setWeights(
  context: CanaryContext,
  state: CanaryState,
  weight: { readonly percent: number; readonly orElse?: number },
): Promise<void> {
  const { services, policy, signal } = context;
  if (services.target.sharing !== 'weights') return;
  const live = await liveWeights(context);
  for (const service of state.services) {
    if (!live.has(service.name)) continue;
    const now = live.get(service.name);
    const wanted = weightsOf(service, state.deployments, weight.percent);
    if (now === wanted) continue;
    if (weight.orElse !== undefined && now === weightsOf(service, state.deployments, weight.orElse)) continue;
    const part = weightsPart({ namespace: policy.namespace, name: service.name }, wanted);
    await services.target.apply(part, { fieldManager: canaryManager, isDryRun: false, signal });
    await services.checkpoint('canary-weight-set');
  }
}

/** Takes every weight back; the Services share among all pods again. */
export async function clearWeights(context: CanaryContext): Promise<void> {
  const { services, policy, signal } = context;
  if (services.target.sharing !== 'weights') return;
  for (const [name, weights] of await liveWeights(context)) {
    if (weights === undefined) continue;
    const part = weightsPart({ namespace: policy.namespace, name });
    await services.target.apply(part, { fieldManager: canaryManager, isDryRun: false, signal });
    await services.checkpoint('canary-cleared');
  }
}

/** The weights of each of our Services that is there. */
async function liveWeights({
  services,
  policy,
  signal,
}: CanaryContext): Promise<ReadonlyMap<string, string | undefined>> {
  const live = await services.target.list(ownerLabels(policy), { signal });
  return new Map(
    live
      .filter(({ kind }) => kind === 'Service')
      .map(({ metadata }) => [metadata.name, metadata.annotations?.[weightsAnnotation]]),
  );
}
