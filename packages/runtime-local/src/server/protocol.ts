import type { ApplyOutcome, KubeObject, ObjectKey, TargetEvent } from '@slipway/ports';
import type { ServiceMetrics } from '../services/request-metrics.ts';

/** Version of the conversation; a runtime with another one is not adopted. */
export const protocolVersion = 1;

/** What a runtime says of itself. */
export interface RuntimeVersion {
  readonly name: 'slipway-runtime';
  readonly protocol: number;
  readonly pid: number;
  /** Whether pods have a loopback of their own. */
  readonly network: 'namespace' | 'shared';
  /** Whether an image's root is the root. */
  readonly root: 'image' | 'host-node';
}

/** Every call by its path: what goes in and what comes back. All are `POST` with JSON over a Unix socket. */
export interface RuntimeCalls {
  readonly version: { readonly ask: object; readonly answer: RuntimeVersion };
  readonly apply: {
    readonly ask: { readonly object: KubeObject; readonly fieldManager: string; readonly isDryRun: boolean };
    readonly answer: ApplyOutcome;
  };
  readonly get: { readonly ask: { readonly key: ObjectKey }; readonly answer: { readonly object?: KubeObject } };
  readonly list: {
    readonly ask: { readonly labels: Readonly<Record<string, string>> };
    readonly answer: { readonly objects: readonly KubeObject[] };
  };
  readonly remove: {
    readonly ask: { readonly key: ObjectKey; readonly labels: Readonly<Record<string, string>> };
    readonly answer: { readonly isRemoved: boolean };
  };
  readonly address: {
    readonly ask: { readonly namespace: string; readonly name: string; readonly port: number };
    readonly answer: { readonly port?: number };
  };
  readonly logs: {
    readonly ask: { readonly namespace: string; readonly name: string; readonly tailLines: number };
    readonly answer: { readonly text: string };
  };
  readonly metrics: {
    readonly ask: { readonly namespace: string; readonly name: string; readonly windowMs?: number };
    readonly answer: { readonly metrics?: ServiceMetrics };
  };
  readonly stop: { readonly ask: object; readonly answer: object };
}

/** One line of a watch; an empty one every few seconds shows that the connection lives. */
export type WatchLine = TargetEvent | { readonly kind: 'alive' };

/** An error as it travels. */
export interface ErrorAnswer {
  readonly code: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}
