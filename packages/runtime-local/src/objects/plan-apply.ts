import type { ApplyOutcome, KubeObject } from '@slipway/ports';
import { isDeepStrictEqual } from 'node:util';
import { keyOf } from './object-key.ts';
import type { ObjectRecord } from './object-record.ts';
import { mergeManagers } from './merge-managers.ts';
import { validateObject, validatePart } from './parse-objects.ts';

export interface ApplyRequest {
  readonly object: KubeObject;
  readonly fieldManager: string;
  /** Used when the object is new. */
  readonly uid: string;
  /** ISO 8601, UTC. */
  readonly now: string;
}

/** What an apply stores. `record` differs from the current one only where something has to be written. */
export interface ApplyPlan {
  readonly record: ObjectRecord;
  readonly action: ApplyOutcome['action'];
}

/**
 * Plans a server-side apply: the manager's whole object replaces what it applied before.
 *
 * Pure. `generation` grows when anything but metadata and status changes; only Deployments carry one, as in Kubernetes.
 *
 * @throws TargetError `TARGET_KIND_UNSUPPORTED`, `TARGET_OBJECT_INVALID`, `TARGET_CONFLICT`.
 */
export function planApply(current: ObjectRecord | undefined, request: ApplyRequest): ApplyPlan {
  validatePart(request.object);
  const key = keyOf(request.object);
  const applied = withoutServerFields(request.object, key.namespace);
  const managers = { ...current?.managers, [request.fieldManager]: applied };
  // The whole is what has to be valid: one manager may hold a part, and two valid parts can merge to something that is not.
  const merged = {
    ...mergeManagers(managers, request.fieldManager),
    apiVersion: applied.apiVersion,
    kind: applied.kind,
  };
  const desired = withDefaults({ ...merged, metadata: { ...asMetadata(merged), name: key.name } });
  validateObject(desired);
  if (current === undefined)
    return { action: 'created', record: { key, managers, object: firstVersion(desired, request) } };
  const isSpecChanged = !isDeepStrictEqual(bodyOf(desired), bodyOf(current.object));
  const isUnchanged =
    !isSpecChanged && isDeepStrictEqual(desired.metadata, withoutServerFields(current.object, key.namespace).metadata);
  if (isUnchanged) {
    const record = isDeepStrictEqual(managers, current.managers) ? current : { ...current, managers };
    return { action: 'unchanged', record };
  }
  return {
    action: 'configured',
    record: { ...current, managers, object: nextVersion(current.object, desired, isSpecChanged) },
  };
}

function firstVersion(desired: KubeObject, request: ApplyRequest): KubeObject {
  const generation = desired.kind === 'Deployment' ? { generation: 1 } : {};
  return {
    ...desired,
    metadata: { ...desired.metadata, uid: request.uid, creationTimestamp: request.now, ...generation },
  };
}

function nextVersion(live: KubeObject, desired: KubeObject, isSpecChanged: boolean): KubeObject {
  const { uid, creationTimestamp, resourceVersion, generation } = live.metadata;
  const next = generation === undefined ? {} : { generation: generation + (isSpecChanged ? 1 : 0) };
  const status = live['status'] === undefined ? {} : { status: live['status'] };
  const kept = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    creationTimestamp,
  };
  return { ...desired, metadata: { ...desired.metadata, ...kept, ...next }, ...status };
}

const serverFields = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'selfLink',
  'deletionTimestamp',
];

function withoutServerFields(object: KubeObject, namespace: string): KubeObject {
  const entries = Object.entries(object.metadata).filter(
    ([name, value]) => !serverFields.includes(name) && value !== undefined,
  );
  const { status: _status, ...rest } = object;
  const placed = namespace === '' ? {} : { namespace };
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...Object.fromEntries(entries), name: object.metadata.name, ...placed },
  };
}

/** A Service without a cluster address would never count as ready where its type asks for one. */
function withDefaults(object: KubeObject): KubeObject {
  if (object.kind !== 'Service') return object;
  const spec = typeof object['spec'] === 'object' ? object['spec'] : {};
  return { ...object, spec: { clusterIP: '127.0.0.1', ...spec } };
}

function asMetadata(merged: Readonly<Record<string, unknown>>): object {
  return typeof merged['metadata'] === 'object' && merged['metadata'] !== null ? merged['metadata'] : {};
}

function bodyOf(object: KubeObject): object {
  const { metadata: _metadata, status: _status, ...body } = object;
  return body;
}
