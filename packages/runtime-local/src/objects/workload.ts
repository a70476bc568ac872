import type { ImageReference, Digest } from '@slipway/domain';

/** A count, or a share of the replicas as Kubernetes writes it (`25%`). */
export type IntOrPercent = number | `${number}%`;

export interface RolloutStrategy {
  readonly type: 'RollingUpdate' | 'Recreate';
  readonly maxSurge: IntOrPercent;
  readonly maxUnavailable: IntOrPercent;
}

/** The parts of a Deployment that the runtime acts on, defaults filled in. */
export interface DeploymentSpec {
  readonly replicas: number;
  readonly selector: Readonly<Record<string, string>>;
  readonly template: PodTemplate;
  readonly strategy: RolloutStrategy;
  readonly minReadySeconds: number;
  readonly progressDeadlineSeconds: number;
}

export interface PodTemplate {
  readonly labels: Readonly<Record<string, string>>;
  readonly container: ContainerSpec;
  readonly volumes: readonly VolumeSpec[];
  readonly terminationGracePeriodSeconds: number;
  readonly enableServiceLinks: boolean;
}

/** An image that cannot change under its name. */
export interface PinnedImage extends ImageReference {
  readonly registry: string;
  readonly digest: Digest;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: PinnedImage;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly EnvironmentEntry[];
  readonly envFrom: readonly ConfigMapSource[];
  readonly ports: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly mounts: readonly VolumeMount[];
  readonly startupProbe?: ProbeSpec;
  readonly readinessProbe?: ProbeSpec;
  readonly livenessProbe?: ProbeSpec;
}

export interface ConfigMapSource {
  readonly configMap: string;
  readonly prefix: string;
  readonly isOptional: boolean;
}

export type EnvironmentEntry =
  | { readonly kind: 'value'; readonly name: string; readonly value: string }
  | { readonly kind: 'pod'; readonly name: string; readonly field: 'metadata.name' | 'metadata.namespace' }
  | {
      readonly kind: 'configMap' | 'secret';
      readonly name: string;
      /** Name of the ConfigMap or Secret. */
      readonly of: string;
      readonly key: string;
      readonly isOptional: boolean;
    };

export type VolumeSpec =
  | { readonly kind: 'emptyDir'; readonly name: string }
  | {
      readonly kind: 'configMap';
      readonly name: string;
      readonly configMap: string;
      readonly isOptional: boolean;
      /** Absent: every key under its own name. */
      readonly items?: readonly { readonly key: string; readonly path: string }[];
    };

export interface VolumeMount {
  readonly volume: string;
  readonly mountPath: string;
  readonly isReadOnly: boolean;
}

export interface ProbeSpec {
  readonly action:
    | {
        readonly kind: 'httpGet';
        readonly port: number | string;
        readonly path: string;
        readonly headers: readonly (readonly [string, string])[];
      }
    | { readonly kind: 'tcpSocket'; readonly port: number | string };
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

/** A Service port. `protocol` says whether requests are understood or bytes passed on. */
export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly nodePort?: number;
  readonly protocol: 'http' | 'tcp';
}

export interface ServiceSpec {
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
  /** Share of new requests by Deployment name, from the annotation `slipway.dev/weights`; absent: every ready pod alike. */
  readonly weights?: Readonly<Record<string, number>>;
}
