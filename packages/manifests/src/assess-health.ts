import type { KubeObject } from '@slipway/domain';
import { kindRules } from './health-rules.ts';
import { objectKey } from './object-key.ts';
import { conditionOf, isCondition, numberAt } from './status-fields.ts';

export const healthStatuses = ['current', 'in-progress', 'failed', 'terminating'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** How far a live object has come. `reason` is PascalCase and from a closed list or the object's own condition; `message` is for people. */
export interface Health {
  readonly status: HealthStatus;
  readonly reason: string;
  readonly message: string;
}

/** What an assessment may depend on beside the object. */
export interface HealthOptions {
  /** Milliseconds since 1970; without it a pod that cannot be scheduled stays in progress. */
  readonly nowMs?: number;
  /** A running Job is in progress until it completes (Flux), in place of current (kstatus). @default false */
  readonly waitsForJobs?: boolean;
}

/**
 * Judges a live object by kstatus' rules.
 *
 * Pure. The caller makes sure that the object was seen after its own apply: this function only knows the generation.
 *
 * @see kubernetes-sigs/cli-utils, pkg/kstatus/status; delivery.md §5.
 */
export function assessHealth(object: KubeObject, options: HealthOptions = {}): Health {
  return generalRules(object) ?? kindRule(object, options) ?? readyRule(object);
}

function generalRules(object: KubeObject): Health | undefined {
  if (object.metadata.deletionTimestamp !== undefined) {
    return { status: 'terminating', reason: 'Deleting', message: 'it is being deleted' };
  }
  const generation = numberAt(object, ['metadata', 'generation'], Number.NaN);
  const observed = numberAt(object, ['status', 'observedGeneration'], Number.NaN);
  if (!Number.isNaN(generation) && !Number.isNaN(observed) && generation !== observed) {
    const message = `generation ${generation} is not observed yet, ${observed} is`;
    return { status: 'in-progress', reason: 'GenerationNotObserved', message };
  }
  if (isCondition(object, 'Reconciling', 'True')) return fromCondition(object, 'Reconciling', 'in-progress');
  if (isCondition(object, 'Stalled', 'True')) return fromCondition(object, 'Stalled', 'failed');
  return undefined;
}

function kindRule(object: KubeObject, options: HealthOptions): Health | undefined {
  const { group, kind } = objectKey(object);
  const key = group === '' ? kind : `${kind}.${group}`;
  return Object.hasOwn(kindRules, key) ? kindRules[key]?.(object, options) : undefined;
}

function readyRule(object: KubeObject): Health {
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined) return { status: 'current', reason: 'Applied', message: 'this kind has no rule of its own' };
  return fromCondition(object, 'Ready', ready.status === 'True' ? 'current' : 'in-progress');
}

function fromCondition(object: KubeObject, type: string, status: HealthStatus): Health {
  const condition = conditionOf(object, type);
  const reason = condition?.reason ?? '';
  const message = condition?.message ?? '';
  return { status, reason: reason === '' ? type : reason, message: message === '' ? `condition ${type}` : message };
}
