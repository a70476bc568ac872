import type { KubeObject, ObjectKey } from '@slipway/ports';
import type { PodTemplate } from './workload.ts';

/** One revision of a Deployment's pod template with the number of pods it should have now, as a ReplicaSet of Kubernetes. */
export interface ReplicaSet {
  /** Digest of the template, ten characters. */
  readonly hash: string;
  readonly template: PodTemplate;
  readonly replicas: number;
  readonly createdAt: string;
}

/** An object as stored: what everybody sees, what each manager applied, and what only the runtime knows. */
export interface ObjectRecord {
  readonly key: ObjectKey;
  readonly object: KubeObject;
  /** The last applied object of each field manager. */
  readonly managers: Readonly<Record<string, KubeObject>>;
  /** Of a Deployment, oldest first; the last one is the wanted one. */
  readonly replicaSets?: readonly ReplicaSet[];
  /** Of a Service: loopback port of this machine by Service port. */
  readonly hostPorts?: Readonly<Record<string, number>>;
}
