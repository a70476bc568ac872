import { kindOrder, objectKey, parseObjects, planPrune, printKey } from '@slipway/manifests';
import type { ApplyOutcome, KubeObject, ObjectKey, Target } from '@slipway/ports';
import { OperatorError } from './operator-error.ts';
import { type EnvironmentPolicy, policyKey } from './policy.ts';

/** Our name in server-side apply. */
export const fieldManager = 'slipway-operator';

/** Labels that mark what belongs to an environment: they are the inventory. */
export function ownerLabels(
  policy: Pick<EnvironmentPolicy, 'application' | 'environment'>,
): Readonly<Record<string, string>> {
  return { 'slipway.dev/application': policy.application, 'slipway.dev/environment': policy.environment };
}

/** What an apply left behind. */
export interface Applied {
  readonly objects: readonly KubeObject[];
  readonly inventory: readonly string[];
  /** Objects that differed and were written, or removed. */
  readonly written: number;
}

/** What an apply would do to one object. `object` is the whole live object as it would be, `desired` only what we say of it. */
export interface PlannedApply extends ApplyOutcome {
  readonly desired: KubeObject;
}

/** What an apply would write, and what it would remove. */
export interface ApplyPlan {
  /** In kind order. */
  readonly outcomes: readonly PlannedApply[];
  readonly remove: readonly ObjectKey[];
}

/** Compares a render with what lives, without a write. */
export async function planApply(
  target: Target,
  policy: Pick<EnvironmentPolicy, 'application' | 'environment' | 'namespace'>,
  facts: { readonly text: string; readonly signal: AbortSignal },
): Promise<ApplyPlan> {
  const desired = desiredObjects(policy, facts.text);
  const outcomes: PlannedApply[] = [];
  // Every dry run precedes the first write: a bad object stops all of them, not the second half.
  for (const object of desired) {
    const outcome = await target.apply(object, { fieldManager, isDryRun: true, signal: facts.signal });
    outcomes.push({ ...outcome, desired: object });
  }
  const live = await target.list(ownerLabels(policy), { signal: facts.signal });
  const plan = planPrune({ before: live.map(objectKey), desired: desired.map(objectKey) });
  if (plan.kind !== 'prune') {
    const names = plan.kind === 'needs-confirmation' ? plan.remove.map(printKey).join(', ') : 'everything';
    throw new OperatorError('PRUNE_NEEDS_CONFIRMATION', `${policyKey(policy)} would remove ${names}`);
  }
  return { outcomes, remove: plan.remove };
}

/** Tells whether a plan writes anything. */
export function writesSomething(plan: ApplyPlan): boolean {
  return plan.remove.length > 0 || plan.outcomes.some((outcome) => outcome.action !== 'unchanged');
}

/** Plans and applies in one go. */
export async function applyRender(
  services: { readonly target: Target; readonly checkpoint: (name: string) => Promise<void> },
  policy: Pick<EnvironmentPolicy, 'application' | 'environment' | 'namespace'>,
  facts: { readonly text: string; readonly signal: AbortSignal },
): Promise<Applied> {
  const plan = await planApply(services.target, policy, facts);
  return applyPlan(services, policy, { plan, signal: facts.signal });
}

/** Carries out a plan in kind order, only what differs, then removes what left the render. */
export async function applyPlan(
  services: { readonly target: Target; readonly checkpoint: (name: string) => Promise<void> },
  policy: Pick<EnvironmentPolicy, 'application' | 'environment'>,
  facts: { readonly plan: ApplyPlan; readonly signal: AbortSignal },
): Promise<Applied> {
  const { target } = services;
  const { plan } = facts;
  const objects: KubeObject[] = [];
  let written = 0;
  for (const outcome of plan.outcomes) {
    if (outcome.action === 'unchanged') {
      objects.push(outcome.object);
      continue;
    }
    // Never the object that the dry run returned: applying it would make every field of others ours.
    const done = await target.apply(outcome.desired, { fieldManager, isDryRun: false, signal: facts.signal });
    objects.push(done.object);
    written += 1;
    await services.checkpoint('object-applied');
  }
  for (const key of plan.remove) {
    if (await target.remove(key, ownerLabels(policy), { signal: facts.signal })) written += 1;
  }
  return { objects, inventory: objects.map((object) => printKey(objectKey(object))).sort(), written };
}

/** Objects of a render in kind order, with our labels, each in the environment's own namespace. */
function desiredObjects(
  policy: Pick<EnvironmentPolicy, 'application' | 'environment' | 'namespace'>,
  text: string,
): readonly KubeObject[] {
  const objects = parseObjects(text);
  for (const object of objects) {
    const { namespace } = object.metadata;
    const isInside =
      object.kind === 'Namespace' ? object.metadata.name === policy.namespace : namespace === policy.namespace;
    if (!isInside) {
      throw new OperatorError(
        'OBJECT_OUTSIDE_NAMESPACE',
        `${printKey(objectKey(object))} is not in namespace ${policy.namespace}`,
      );
    }
  }
  return kindOrder(
    objects.map((object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...ownerLabels(policy) } },
    })),
  );
}
