import type { EnvironmentPolicy } from '../policy.ts';
import type { OperatorServices } from '../reconcile-environment.ts';

/** What every step of a canary pass needs. */
export interface CanaryContext {
  readonly services: OperatorServices;
  readonly policy: EnvironmentPolicy;
  readonly signal: AbortSignal;
}
