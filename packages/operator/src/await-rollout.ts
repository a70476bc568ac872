import { assessHealth, type Health, objectKey, printKey } from '@slipway/manifests';
import type { KubeObject, Target } from '@slipway/ports';
import { type Applied, ownerLabels } from './apply-render.ts';
import { OperatorError } from './operator-error.ts';
import { type EnvironmentPolicy, policyKey } from './policy.ts';

/** What was seen of one object: the generation that counts, and its health. */
export interface ObservedObject {
  readonly generation: number | undefined;
  readonly status: Health['status'];
  readonly message: string;
}

/** How a rollout ended well. */
export interface RolloutEnd {
  readonly message: string;
  readonly observed: Readonly<Record<string, ObservedObject>>;
}

/**
 * Follows a rollout to its end, by events.
 *
 * Health counts only for what we applied: an object is looked at once its observed generation has reached the one that our apply
 * returned, in a state read after it.
 *
 * @throws {@link OperatorError} `ROLLOUT_FAILED` as soon as only failed and healthy objects are left, `ROLLOUT_DEADLINE`.
 */
export async function awaitRollout(
  target: Target,
  policy: EnvironmentPolicy,
  facts: { readonly applied: Applied; readonly signal: AbortSignal },
): Promise<RolloutEnd> {
  const wanted = new Map(
    facts.applied.objects.map((object) => [printKey(objectKey(object)), object.metadata.generation]),
  );
  const seen = new Map<string, ObservedObject>();
  const deadline = AbortSignal.timeout(policy.rolloutDeadlineMs);
  const signal = AbortSignal.any([facts.signal, deadline]);
  try {
    for await (const event of target.watch(ownerLabels(policy), { signal })) {
      const key = printKey(objectKey(event.object));
      if (!wanted.has(key)) continue;
      if (event.kind === 'deleted') seen.delete(key);
      else seen.set(key, observe(event.object, wanted.get(key)));
      const end = conclude(policy, wanted, seen);
      if (end !== undefined) return end;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  facts.signal.throwIfAborted();
  const open = [...wanted.keys()].filter((key) => seen.get(key)?.status !== 'current');
  const why = open.map((key) => `${key}: ${seen.get(key)?.message ?? 'not seen'}`).join('; ');
  throw new OperatorError(
    'ROLLOUT_DEADLINE',
    `${policyKey(policy)} was not healthy after ${policy.rolloutDeadlineMs / 1000} s: ${why}`,
  );
}

function observe(object: KubeObject, appliedGeneration: number | undefined): ObservedObject {
  const health = assessHealth(object);
  const generation = object.metadata.generation;
  const isOlder = appliedGeneration !== undefined && (generation ?? 0) < appliedGeneration;
  if (isOlder) return { generation, status: 'in-progress', message: 'an older state was seen' };
  return { generation, status: health.status, message: health.message };
}

function conclude(
  policy: EnvironmentPolicy,
  wanted: ReadonlyMap<string, number | undefined>,
  seen: ReadonlyMap<string, ObservedObject>,
): RolloutEnd | undefined {
  const keys = [...wanted.keys()];
  const isOpen = keys.some((key) => {
    const status = seen.get(key)?.status;
    return status === undefined || status === 'in-progress' || status === 'terminating';
  });
  if (isOpen) return undefined;
  const failed = keys.filter((key) => seen.get(key)?.status === 'failed');
  if (failed.length > 0) {
    const why = failed.map((key) => `${key}: ${seen.get(key)?.message ?? ''}`).join('; ');
    throw new OperatorError('ROLLOUT_FAILED', `${policyKey(policy)} did not become healthy: ${why}`);
  }
  return { message: `All ${keys.length} objects are healthy.`, observed: Object.fromEntries(seen) };
}
