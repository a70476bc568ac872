import {
  canaryPhases,
  type CanaryProgress,
  type CommitId,
  type Digest,
  isDigest,
  type RequestTotals,
} from '@slipway/domain';
import type { KubeObject, ObjectKey } from '@slipway/ports';
import type { EnvironmentPolicy } from '../policy.ts';
import type { CanaryContext } from './canary-context.ts';

/** Our name in server-side apply for what belongs to a canary. */
export const canaryManager = 'slipway-canary';

/** A Service whose requests the canary shares, with the Deployments behind it when the canary began. */
export interface SharedService {
  readonly name: string;
  readonly deployments: readonly { readonly name: string; readonly replicas: number }[];
}

/** Everything that is known of a canary, kept in the target that it runs in. */
export interface CanaryState extends CanaryProgress {
  /** Empty: canary Deployments were found without a state that can be read. */
  readonly renderDigest: Digest | '';
  readonly revision: CommitId | '';
  readonly startedAt: string;
  /** Names of the Deployments that have a canary; empty where a render went live without one. */
  readonly deployments: readonly string[];
  readonly services: readonly SharedService[];
  /** Objects, printed, that stay as they are until the canary is promoted. */
  readonly held: readonly string[];
  /** Weight that was last given to the Services; `weight` is the one that is wanted. */
  readonly served: number;
  readonly realShare: number;
  readonly unhealthySince?: string;
  /** Counters of the canary when it began, and of the Services when an abort took effect. */
  readonly totalsAtStart?: RequestTotals;
  readonly totalsAtAbort?: RequestTotals;
  /** What the canary answered, as counted when it ended. */
  readonly requests?: RequestTotals;
  /** Set before the first Deployment of the render is replaced: from then on there is no way back but another render. */
  readonly isReplacing?: boolean;
  /** When its Deployments were removed; the weights stay a moment longer. */
  readonly removedAt?: string;
}

/** The object that holds the state of an environment's canary. */
export function stateKey(policy: Pick<EnvironmentPolicy, 'application' | 'namespace'>): ObjectKey {
  return { group: '', kind: 'ConfigMap', namespace: policy.namespace, name: `slipway-canary-${policy.application}` };
}

/** Labels of canary Deployments: not those of the inventory, so that the ordinary prune does not see them. */
export function canaryLabels(
  policy: Pick<EnvironmentPolicy, 'application' | 'environment'>,
): Readonly<Record<string, string>> {
  return { 'slipway.dev/canary-application': policy.application, 'slipway.dev/canary-environment': policy.environment };
}

/** The state as it stands in the target; absent when there is none. One that cannot be read is one without a render. */
export async function readCanary({ services, policy, signal }: CanaryContext): Promise<CanaryState | undefined> {
  const live = await services.target.get(stateKey(policy), { signal });
  return live === undefined ? undefined : (parseState(live) ?? lostCanary(services.now()));
}

/** What stands for a canary of which only its Deployments are left. */
export function lostCanary(now: string): CanaryState {
  return {
    phase: 'aborting',
    step: 0,
    stepStartedAt: now,
    weight: 0,
    runs: [],
    message: 'Its state was lost.',
    renderDigest: '',
    revision: '',
    startedAt: now,
    deployments: [],
    services: [],
    held: [],
    served: 0,
    realShare: 0,
  };
}

/** Writes the state, before the effect that it announces; an equal one is not written. */
export async function keepCanary(context: CanaryContext, state: CanaryState): Promise<CanaryState> {
  const { services, policy, signal } = context;
  const key = stateKey(policy);
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: key.name,
      namespace: key.namespace,
      labels: { 'slipway.dev/canary-state': policy.application },
    },
    data: { state: JSON.stringify(state) },
  };
  const { action } = await services.target.apply(object, { fieldManager: canaryManager, isDryRun: false, signal });
  if (action !== 'unchanged') await services.checkpoint('canary-state');
  return state;
}

/** Whether a canary still has a share, or something to clean up. */
export function isStanding({ phase }: CanaryState): boolean {
  return phase !== 'promoted' && phase !== 'aborted';
}

/** Whether a render went through a canary at all. */
export function hadCanary(state: CanaryState): boolean {
  return state.deployments.length > 0;
}

function parseState(object: KubeObject): CanaryState | undefined {
  const data = object['data'];
  const text = typeof data === 'object' && data !== null && 'state' in data ? data.state : undefined;
  if (typeof text !== 'string') return undefined;
  try {
    const raw: unknown = JSON.parse(text);
    return isState(raw) ? raw : undefined;
  } catch {
    return undefined;
  }
}

/** Whether what we once wrote can still be gone on with; a hand that changed it is met by beginning anew. */
function isState(raw: unknown): raw is CanaryState {
  if (typeof raw !== 'object' || raw === null) return false;
  const state = raw as Readonly<Record<string, unknown>>;
  const isInstant = (value: unknown): boolean => typeof value === 'string' && Number.isFinite(Date.parse(value));
  const isPercent = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 100;
  return (
    canaryPhases.some((phase) => phase === state['phase']) &&
    typeof state['renderDigest'] === 'string' &&
    (state['renderDigest'] === '' || isDigest(state['renderDigest'])) &&
    Number.isInteger(state['step']) &&
    isInstant(state['stepStartedAt']) &&
    isInstant(state['startedAt']) &&
    isPercent(state['weight']) &&
    isPercent(state['served']) &&
    ['runs', 'deployments', 'services', 'held'].every((field) => Array.isArray(state[field])) &&
    typeof state['message'] === 'string'
  );
}
