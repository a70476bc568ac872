import type { KubeObject, ObjectKey } from '@slipway/domain';
import type { Cancellable } from './git.ts';

export type { KubeObject, ObjectKey } from '@slipway/domain';

/** What an apply would do, or did. */
export interface ApplyOutcome {
  readonly key: ObjectKey;
  readonly action: 'created' | 'configured' | 'unchanged';
  /** The object as stored afterwards (or as it would be, for a dry run). */
  readonly object: KubeObject;
  /** As stored before; absent when created. */
  readonly before?: KubeObject;
}

/** One change seen on a watch; `object` carries status. */
export interface TargetEvent {
  readonly kind: 'changed' | 'deleted';
  readonly object: KubeObject;
}

/**
 * A place that runs what manifests say: the local runtime or a Kubernetes cluster.
 *
 * Labels `slipway.dev/application` and `slipway.dev/environment` mark what we own; inventory is what the target lists by them.
 */
export interface Target {
  readonly name: string;
  /**
   * Whether annotation `slipway.dev/weights` of a Service shares its requests among Deployments (`weights`); absent or `replicas`: every
   * ready pod gets alike.
   */
  readonly sharing?: 'weights' | 'replicas';
  /**
   * Server-side apply with the given field manager. An object equal to what is stored is `unchanged` and keeps its resourceVersion.
   *
   * @throws TargetError `TARGET_KIND_UNSUPPORTED`, `TARGET_OBJECT_INVALID` (with the field's path), `TARGET_CONFLICT` (another manager owns a field).
   */
  apply(
    object: KubeObject,
    options: Cancellable & { readonly fieldManager: string; readonly isDryRun: boolean },
  ): Promise<ApplyOutcome>;
  get(key: ObjectKey, options?: Cancellable): Promise<KubeObject | undefined>;
  /** All objects that carry every given label. */
  list(labels: Readonly<Record<string, string>>, options?: Cancellable): Promise<readonly KubeObject[]>;
  /** Deletes if the live object still carries the labels; false when it was not there or no longer ours. */
  remove(key: ObjectKey, labels: Readonly<Record<string, string>>, options?: Cancellable): Promise<boolean>;
  /** Every change of objects with these labels from now on, until the signal; the current state of each comes first. */
  watch(
    labels: Readonly<Record<string, string>>,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<TargetEvent>;
  /** Where a Service port answers on this machine's loopback; absent when the target has no such Service. */
  serviceAddress(
    service: { readonly namespace: string; readonly name: string; readonly port: number },
    options?: Cancellable,
  ): Promise<{ readonly host: string; readonly port: number } | undefined>;
  /** The last lines of every pod of a Deployment, newest last, each line led by the pod's name. */
  logs(
    deployment: { readonly namespace: string; readonly name: string },
    options?: Cancellable & { readonly tailLines?: number },
  ): Promise<string>;
}
