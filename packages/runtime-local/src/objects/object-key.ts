import type { KubeObject, ObjectKey } from '@slipway/ports';

/** Kinds that the local runtime runs, by group and kind. */
export const supportedKinds = {
  'apps/Deployment': { apiVersion: 'apps/v1', isNamespaced: true },
  '/Service': { apiVersion: 'v1', isNamespaced: true },
  '/ConfigMap': { apiVersion: 'v1', isNamespaced: true },
  '/Secret': { apiVersion: 'v1', isNamespaced: true },
  '/Namespace': { apiVersion: 'v1', isNamespaced: false },
} as const;

/** The key of an object; a namespaced one without a namespace stands in `default`. */
export function keyOf(object: KubeObject): ObjectKey {
  const slash = object.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
  const isClusterWide = group === '' && object.kind === 'Namespace';
  const namespace = isClusterWide ? '' : (object.metadata.namespace ?? 'default');
  return { group, kind: object.kind, namespace, name: object.metadata.name };
}

/** One text for each key: names hold no slash, so no two keys share one. */
export function printKey(key: ObjectKey): string {
  return `${key.group}/${key.kind}/${key.namespace}/${key.name}`;
}

/** True when every wanted label stands on the object with that value. */
export function hasLabels(object: KubeObject, wanted: Readonly<Record<string, string>>): boolean {
  return matchesLabels(object.metadata.labels ?? {}, wanted);
}

/** True when every wanted label is among the given ones. */
export function matchesLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
