import type { DeploymentStrategy } from '../canary/strategy.ts';
import type { Branch, Name } from '../identity/names.ts';
import type { PromotionWindow } from '../window/promotion-window.ts';

/** Code that is run against an environment after deploying. */
export interface VerificationDefinition {
  readonly name: Name;
  /** Code repository whose tree, at the release's commit, holds the tests. */
  readonly repository: Name;
  readonly commands: readonly string[];
  /** Services of the environment that the checks may reach: `WEB_ADDRESS` holds host and port of `web`. */
  readonly services: readonly Name[];
  readonly timeoutMs: number;
}

/** Something outside the release that must be there before it comes: answered by a Service of the environment. */
export interface DependencyDefinition {
  readonly name: Name;
  readonly service: Name;
  readonly port: number;
  readonly path: string;
  /** Dotted path into the JSON answer. */
  readonly field: string;
  /** Annotation of the rendered Deployment of that service that holds the value needed. */
  readonly equalsAnnotation: string;
}

export interface EnvironmentDefinition {
  readonly name: Name;
  /** Folder of its kustomization in the config repository. */
  readonly path: string;
  readonly namespace: Name;
  readonly target: Name;
  /** `protected` needs a second person, whatever a file says. */
  readonly class: 'open' | 'protected';
  readonly approvals: number;
  readonly soakMs: number;
  readonly rolloutDeadlineMs: number;
  /** When promoting into it is allowed; none means always. */
  readonly windows: readonly PromotionWindow[];
  readonly dependencies: readonly DependencyDefinition[];
  readonly verifications: readonly VerificationDefinition[];
  /** How a render replaces the one before it; absent, in records from before canaries: rolling. */
  readonly strategy?: DeploymentStrategy;
}

/** An application's way to production; the order of environments is the order of promotion. */
export interface DeliveryDefinition {
  readonly application: Name;
  readonly branch: Branch;
  /** Environments that a pipeline's manifests stage may write. */
  readonly updates: readonly Name[];
  /** Registry hosts that images may come from. */
  readonly registries: readonly string[];
  readonly environments: readonly EnvironmentDefinition[];
  /** Where the files stand that the running app reads; absent when the application has none of its own. */
  readonly appConfig?: { readonly repository: Name };
}

/** The environment before, in the order of promotion; absent for the entry environment. */
export function upstreamOf(delivery: DeliveryDefinition, environment: Name): EnvironmentDefinition | undefined {
  const index = delivery.environments.findIndex((candidate) => candidate.name === environment);
  return index <= 0 ? undefined : delivery.environments[index - 1];
}

/** The environment after; absent for the last. */
export function downstreamOf(delivery: DeliveryDefinition, environment: Name): EnvironmentDefinition | undefined {
  const index = delivery.environments.findIndex((candidate) => candidate.name === environment);
  return index < 0 ? undefined : delivery.environments[index + 1];
}
