export { DeliveryError, deliveryErrors } from './delivery-error.ts';
export { BranchWriter, type WriterSettings } from './writer/branch-writer.ts';
export type { LandedEdit } from './writer/plan-batch.ts';
export { setImageInRepository, type SetImageRequest } from './writer/set-image.ts';
export { localBranch, remoteBranch, type WritableBranch } from './writer/writable-branch.ts';
export { changeTrailer, type EditableTree, type EditOutcome, type ManifestEdit } from './writer/manifest-edit.ts';
export type { DeliveryServices, FindService, OpenPullRequest } from './services.ts';
export { manifestUpdates } from './writer/manifest-updates.ts';
export { pinInEnvironments } from './writer/environment-edits.ts';
export { pinInFiles, pinInFolders } from './writer/image-edits.ts';
export { observeConfig, observeEffect } from './environments/observe-config.ts';
export {
  deploymentId,
  measureEffect,
  recordDeployment,
  type DeploymentReport,
  type ReportSource,
} from './environments/record-deployment.ts';
export { sayToCanary, type CanaryOrder } from './canary/say-to-canary.ts';
export { environmentOf, readDelivery } from './environments/read-delivery.ts';
export {
  finishVerification,
  logId,
  runVerification,
  type VerificationAttempt,
} from './verification/run-verification.ts';
export { checksOf, verifyEffect } from './verification/start-verifications.ts';
export {
  createAppConfigReader,
  type AppConfigInForce,
  type AppConfigPlace,
  type ReadAppConfig,
} from './app-config/app-config-reader.ts';
export {
  compareAppConfig,
  readAppConfigStanding,
  textOf,
  type AppConfigDifference,
  type AppConfigStanding,
} from './app-config/compare-app-config.ts';
export { pinAppConfig } from './app-config/pin-app-config.ts';
export { advanceDelivery, nextEnvironment, promoteEffect } from './promotion/advance-delivery.ts';
export { carryPromotion, promotionErrored, settlePromotion } from './promotion/carry-promotion.ts';
export { requestPromotion, type PromotionRequest } from './promotion/request-promotion.ts';
export { readEnvironment, upstreamFacts, type EnvironmentState } from './promotion/upstream-facts.ts';
export { explainApplication, type ExplainedEnvironment } from './promotion/explain.ts';
export { diffEnvironments, type EnvironmentDiff } from './environments/diff-environments.ts';
export { refusePromotedPlaces } from './writer/refuse-promoted-places.ts';
export { addHold, liftHold } from './holds/holds.ts';
export { addFreeze, endFreeze, type FreezeRequest } from './holds/freezes.ts';
export { findTargets, previousTarget, type FoundTarget } from './rollback/find-targets.ts';
export {
  previewRollback,
  type RevertedCommit,
  type RollbackPreview,
  type RollbackRequest,
} from './rollback/preview-rollback.ts';
export { previewPromotion, type PromotionPreview } from './promotion/preview-promotion.ts';
export { reviewBreakGlass } from './rollback/review-break-glass.ts';
export { advancePromotions } from './promotion/advance-promotions.ts';
export { tellGoneTargets } from './rollback/tell-gone-targets.ts';
export { requestRollback, type RollbackOrder } from './rollback/request-rollback.ts';
