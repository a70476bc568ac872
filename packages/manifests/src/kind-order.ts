import type { KubeObject, ObjectKey } from '@slipway/domain';
import { objectKey } from './object-key.ts';

/** Argo CD's order (gitops-engine, sync_tasks.go); kinds not listed come last. */
const order: readonly string[] = [
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
];
const ranks: ReadonlyMap<string, number> = new Map(order.map((kind, rank) => [kind, rank]));

/** Objects in the order to apply them: by kind, then group, namespace and name, so that it is the same each time. */
export function kindOrder(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects
    .map((object) => ({ object, key: objectKey(object) }))
    .toSorted((a, b) => compareKeys(a.key, b.key))
    .map(({ object }) => object);
}

/** Keys in the order to delete them: the reverse of applying. */
export function pruneOrder(keys: readonly ObjectKey[]): readonly ObjectKey[] {
  return keys.toSorted((a, b) => compareKeys(b, a));
}

function compareKeys(a: ObjectKey, b: ObjectKey): number {
  return (
    rankOf(a) - rankOf(b) ||
    compare(a.kind, b.kind) ||
    compare(a.group, b.group) ||
    compare(a.namespace, b.namespace) ||
    compare(a.name, b.name)
  );
}

/** A custom kind that borrows a name, such as Knative's Service, is a custom kind. */
function rankOf({ group, kind }: ObjectKey): number {
  const isBuiltin = !group.includes('.') || group.endsWith('.k8s.io');
  return (isBuiltin ? ranks.get(kind) : undefined) ?? order.length;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
