import type { KubeObject, ObjectKey } from '@slipway/domain';

/** What identifies an object in an inventory: its version does not count. */
export function objectKey(object: KubeObject): ObjectKey {
  const slash = object.apiVersion.lastIndexOf('/');
  return {
    group: slash < 0 ? '' : object.apiVersion.slice(0, slash),
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
  };
}

/** `Kind.group namespace/name`, without the parts that are empty: unique for every key, and for people. */
export function printKey({ group, kind, namespace, name }: ObjectKey): string {
  return `${kind}${group === '' ? '' : `.${group}`} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
