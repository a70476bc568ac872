export { OperatorError, operatorErrors } from './operator-error.ts';
export { ReconcileHost, type PassReport, type Reconcile, type ReconcileResult } from './reconcile-host.ts';
export { followPolicies, type FollowOptions, type PolicyMemory } from './follow-policies.ts';
export {
  parsePolicy,
  policyKey,
  readAuthorisation,
  type AuthorisedRender,
  type DeploymentReport,
  type EnvironmentPolicy,
  type PolicyServer,
} from './policy.ts';
export {
  applyPlan,
  applyRender,
  fieldManager,
  ownerLabels,
  planApply,
  writesSomething,
  type Applied,
  type ApplyPlan,
  type PlannedApply,
} from './apply-render.ts';
export { awaitRollout, type ObservedObject, type RolloutEnd } from './await-rollout.ts';
export { reconcileEnvironment, type OperatorServices } from './reconcile-environment.ts';
export { runOperator, type OperatorOptions } from './run-operator.ts';
