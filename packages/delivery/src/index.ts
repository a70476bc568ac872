export { DeliveryError, deliveryErrors } from './delivery-error.ts';
export { BranchWriter, type LandedEdit, type WriterSettings } from './writer/branch-writer.ts';
export { localBranch, remoteBranch, type WritableBranch } from './writer/writable-branch.ts';
export { changeTrailer, type EditableTree, type EditOutcome, type ManifestEdit } from './writer/manifest-edit.ts';
export type { DeliveryServices, FindService, OpenPullRequest } from './services.ts';
export { manifestUpdates } from './writer/manifest-updates.ts';
export { pinInEnvironments, pinInFiles, pinInFolders } from './writer/image-edits.ts';
export { observeConfig, observeEffect } from './environments/observe-config.ts';
export { deploymentId, recordDeployment, type DeploymentReport } from './environments/record-deployment.ts';
export {
  readEnvironmentClosure,
  releaseIdOf,
  renderEnvironment,
  type RenderedEnvironment,
} from './environments/render-environment.ts';
export { treeAt } from './environments/commit-tree.ts';
export { environmentOf, readDelivery } from './environments/read-delivery.ts';
export {
  finishVerification,
  logId,
  runVerification,
  type VerificationAttempt,
} from './verification/run-verification.ts';
export { checksOf, verifyEffect } from './verification/start-verifications.ts';
export { advanceDelivery, nextEnvironment, promoteEffect } from './promotion/advance-delivery.ts';
export { carryPromotion, promotionErrored, settlePromotion } from './promotion/carry-promotion.ts';
export { requestPromotion, type PromotionRequest } from './promotion/request-promotion.ts';
export { readEnvironment, upstreamFacts, type EnvironmentState } from './promotion/upstream-facts.ts';
