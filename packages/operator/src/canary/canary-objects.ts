import type { KubeObject, Target } from '@slipway/ports';
import { ownerLabels } from '../apply-render.ts';
import type { EnvironmentPolicy } from '../policy.ts';
import { canaryLabels, type SharedService } from './canary-state.ts';

/** Annotation by which a Service shares its requests among Deployments. */
export const weightsAnnotation = 'slipway.dev/weights';

const track = { 'slipway.dev/track': 'canary' };

/** Name of the Deployment that tries what a Deployment is to become. */
export function canaryName(deployment: string): string {
  return `${deployment}-canary`;
}

/** The canary of a Deployment: its new template under a name, selector and labels of its own. */
export function canaryDeployment(
  desired: KubeObject,
  policy: Pick<EnvironmentPolicy, 'application' | 'environment'>,
  replicas: number,
): KubeObject {
  const spec = fieldsAt(desired, 'spec');
  const template = fieldsAt(spec, 'template');
  const selector = fieldsAt(spec, 'selector');
  const metadata = fieldsAt(template, 'metadata');
  const owned = Object.keys(ownerLabels(policy));
  const labels = Object.entries(desired.metadata.labels ?? {}).filter(([name]) => !owned.includes(name));
  return {
    apiVersion: desired.apiVersion,
    kind: desired.kind,
    metadata: {
      name: canaryName(desired.metadata.name),
      ...(desired.metadata.namespace === undefined ? {} : { namespace: desired.metadata.namespace }),
      labels: { ...Object.fromEntries(labels), ...canaryLabels(policy) },
      ...(desired.metadata.annotations === undefined ? {} : { annotations: desired.metadata.annotations }),
    },
    spec: {
      ...spec,
      replicas,
      selector: { ...selector, matchLabels: { ...fieldsAt(selector, 'matchLabels'), ...track } },
      template: { ...template, metadata: { ...metadata, labels: { ...fieldsAt(metadata, 'labels'), ...track } } },
    },
  };
}

/**
 * Replicas of a canary beside `stable` of the other, rounded up, 1 at least and as many as the stable at most.
 *
 * Where pods share alike, as many as make the share; with weights, as many as carry it.
 */
export function canaryReplicas(stable: number, percent: number, sharing: Target['sharing']): number {
  const parts = sharing === 'weights' ? percent / 100 : percent / Math.max(1, 100 - percent);
  // Not 3 for 0.30000000000000004 × 10.
  return Math.max(1, Math.min(stable, Math.ceil(Number((stable * parts).toFixed(9)))));
}

/** Percent of the requests that a canary really gets, to a tenth. */
export function realShareOf(
  replicas: { readonly stable: number; readonly canary: number },
  percent: number,
  sharing: Target['sharing'],
): number {
  if (sharing === 'weights') return percent;
  const all = replicas.stable + replicas.canary;
  return all === 0 ? 0 : Math.round((replicas.canary * 1_000) / all) / 10;
}

/** The weights that give a canary its share of a Service; Deployments behind it that have no canary keep theirs by their replicas. */
export function weightsOf(service: SharedService, canaried: readonly string[], percent: number): string {
  const total = service.deployments.reduce((sum, { replicas }) => sum + replicas, 0);
  const isAlone = service.deployments.length === 1 || total === 0;
  const weights: Record<string, number> = {};
  for (const { name, replicas } of service.deployments) {
    const share = isAlone ? 100 : (replicas * 1_000) / total;
    if (!canaried.includes(name)) weights[name] = Math.round(share);
    else {
      weights[canaryName(name)] = Math.round((share * percent) / 100);
      weights[name] = Math.round(share) - (weights[canaryName(name)] ?? 0);
    }
  }
  return JSON.stringify(Object.fromEntries(Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The one annotation of a Service that is ours; absent weights take it back. */
export function weightsPart(key: { readonly namespace: string; readonly name: string }, weights?: string): KubeObject {
  const annotations = weights === undefined ? {} : { annotations: { [weightsAnnotation]: weights } };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: key.name, namespace: key.namespace, ...annotations } };
}

/** Whether a Service sends requests to the pods of a Deployment. */
export function selects(service: KubeObject, deployment: KubeObject): boolean {
  const selector = Object.entries(fieldsAt(fieldsAt(service, 'spec'), 'selector'));
  const labels = fieldsAt(fieldsAt(fieldsAt(fieldsAt(deployment, 'spec'), 'template'), 'metadata'), 'labels');
  return selector.length > 0 && selector.every(([name, value]) => labels[name] === value);
}

/** Pods that a Deployment asks for. */
export function replicasOf(deployment: KubeObject | undefined): number {
  const { replicas } = fieldsAt(deployment, 'spec');
  return typeof replicas === 'number' ? replicas : 1;
}

/** The pod template, as text that is equal for equal ones. */
export function templateText(deployment: KubeObject | undefined): string {
  return JSON.stringify(fieldsAt(fieldsAt(deployment, 'spec'), 'template'), (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function fieldsAt(object: unknown, field: string): Readonly<Record<string, unknown>> {
  const value: unknown = typeof object === 'object' && object !== null ? Reflect.get(object, field) : undefined;
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
