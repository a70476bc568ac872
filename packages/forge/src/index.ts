export { ForgeError, forgeErrors } from './forge-error.ts';
export {
  decideRefUpdates,
  describeUpdates,
  type ReceiveFacts,
  type RefUpdateFact,
} from './decide-ref-updates.ts';
export type { Credentials } from './http-request.ts';
export { proveProtection } from './prove-protection.ts';
export {
  mergePullRequest,
  planMergeResult,
  pullRequestRefs,
  type MergeOutcome,
  type MergePlan,
  type PullRequestMerge,
} from './pull-request.ts';
export type { LandedPush, ReceiveDecision, ReceivedPush, RefUpdate } from './push.ts';
export { startReceiveHooks, type ReceiveHooks } from './receive-hooks.ts';
export { createSmartHttpHandler, type Authorisation, type SmartHttpOptions } from './smart-http.ts';
