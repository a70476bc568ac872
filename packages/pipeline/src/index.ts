export { PipelineError, pipelineErrors } from './pipeline-error.ts';
export type {
  Checkpoint,
  DependencyCache,
  KeptImage,
  PackageRegistrySettings,
  PipelineServices,
  PublishImage,
} from './services.ts';
export { runId, startRun, type RunRequest } from './start-run.ts';
export { runEndedEffect, stageEffect, stagesOf } from './advance-run.ts';
export { executeStage, stageErrored, type StageAttempt } from './execute-stage.ts';
export { cancelRun, retryRun, type CancelEffect } from './control-run.ts';
export { changeStatement } from './statements.ts';
export { describeIsolation } from './stages/conclude-execution.ts';
export { changeOf, readPipelines } from './change/read-change.ts';
export { bakeAppConfig } from './app-config/bake-app-config.ts';
export { bakeAppConfigEffect } from './app-config/bake-effect.ts';
export { pushId, reconcileRefs } from './change/reconcile-refs.ts';
export { ReviewError, reviewErrors } from './review/review-error.ts';
export type { ReviewServices } from './review/review-services.ts';
export { openPullRequest, type PullRequestOpening } from './review/open-pull-request.ts';
export { refreshKind, refreshPullRequest } from './review/refresh-pull-request.ts';
export { reviewPullRequest, type Reviewing } from './review/review-pull-request.ts';
export { mergeApprovedPromotions, mergeRefreshedPromotion } from './review/merge-approved-promotions.ts';
export { mergePullRequest } from './review/merge-pull-request.ts';
export { readMergeState, type MergeState } from './review/read-merge-state.ts';
export {
  approvalRule,
  countingApprovals,
  judgeApproval,
  judgeReviews,
  type AccountApproval,
  type ApprovalRule,
  type JudgedReview,
} from './review/approvals.ts';
export { closePullRequest } from './review/close-pull-request.ts';
