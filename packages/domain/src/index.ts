export { CodedError, InvariantError, unreachable, type ErrorContext, type ErrorRule } from './errors/coded-error.ts';
export { DomainError, domainErrors } from './errors/domain-error.ts';
export { isDigest, parseDigest, shortDigest, type Digest } from './identity/digest.ts';
export { contentDigest } from './identity/content-digest.ts';
export { isCommitId, parseCommitId, shortCommit, zeroCommit, type CommitId } from './identity/commit-id.ts';
export { isName, parseBranch, parseName, type Branch, type Name } from './identity/names.ts';
export {
  conclusions,
  deliveryPhases,
  isFinal,
  runPhases,
  type Conclusion,
  type DeliveryPhase,
  type RunPhase,
} from './phases.ts';
export { changeId, type Change, type Signature } from './change/change.ts';
export {
  requirements,
  stageKinds,
  type StageKind,
  type Requirement,
  type StageDefinition,
  type PipelineDefinition,
  type BakedAppConfig,
  type Trigger,
  type PipelineRun,
  type KeptOutput,
  type StageRun,
} from './pipeline/pipeline.ts';
export type { Artifact } from './artifact/artifact.ts';
export { parseImageReference, printImageReference, type ImageReference } from './artifact/image-reference.ts';
export type { AppConfigPin } from './app-config/app-config-pin.ts';
export { appConfigLimits, findCopyFault } from './app-config/app-config-files.ts';
export type { ImagePin, ManifestCommit } from './manifest/manifest-commit.ts';
export type { KubeObject, ObjectKey } from './manifest/kube-object.ts';
export type {
  Release,
  DesiredState,
  DeploymentReason,
  EnvironmentDeployment,
  Verification,
} from './environment/environment.ts';
export {
  downstreamOf,
  upstreamOf,
  type VerificationDefinition,
  type DependencyDefinition,
  type EnvironmentDefinition,
  type DeliveryDefinition,
} from './environment/delivery.ts';
export { orderStages } from './pipeline/stage-order.ts';
export { guardGates } from './pipeline/guard-gates.ts';
export { policyChanges, type PolicyChange } from './pipeline/policy-changes.ts';
export { decideRun, type RunDecision } from './pipeline/decide-run.ts';
export { freezesOf, decideWindow, printWindow, type WindowDecision, type WindowFacts } from './window/decide-window.ts';
export { weekdays, type Freeze, type PromotionWindow, type Weekday } from './window/promotion-window.ts';
export { holdCauses, standingHolds, type Hold, type HoldCause } from './hold/hold.ts';
export type { Promotion } from './promotion/promotion.ts';
export {
  decidePromotion,
  entryGates,
  type PromotionDecision,
  type PromotionFacts,
  type UnmetGate,
  type UpstreamFacts,
} from './promotion/decide-promotion.ts';
export {
  decideApproval,
  standingReviews,
  type ApprovalDecision,
  type ApprovalFacts,
} from './promotion/decide-approval.ts';
export { rollbackParts, type BreakGlass, type Rollback, type RollbackPart } from './rollback/rollback.ts';
export {
  decideRollback,
  type RollbackDecision,
  type RollbackFacts,
  type RollbackTarget,
} from './rollback/decide-rollback.ts';
export { ticketOutcomes, type ReleaseTicket, type TicketCommit, type TicketOutcome } from './release/release-ticket.ts';
export {
  roles,
  type Role,
  type Account,
  type AccessToken,
  type OperatorKey,
  type Repository,
  type BranchProtection,
  type PullRequest,
  type Review,
  type LineComment,
  type Push,
  type RefHead,
  type InboxItem,
} from './people/people.ts';
export { asSentence } from './people/as-sentence.ts';
export { decideMerge, type CheckFacts, type MergeDecision, type MergeFacts } from './people/decide-merge.ts';
export {
  channelKinds,
  notificationKinds,
  type Audience,
  type ChannelKind,
  type Notification,
  type NotificationChannel,
  type NotificationDelivery,
  type NotificationKind,
  type ToldNotification,
  type Trouble,
} from './notification/notification.ts';
export { decideNotification, type NotificationDecision, type Outcome } from './notification/decide-notification.ts';
export { decideRecipients } from './notification/decide-recipients.ts';
export { decideAttempt, type AttemptDecision, type AttemptOutcome } from './notification/decide-attempt.ts';
export { decideNextAttempt, type NextAttempt } from './notification/decide-next-attempt.ts';
export { statementIds } from './evidence/statement-ids.ts';
export type { RecordNoun, Records } from './records.ts';
export {
  predicateTypes,
  type EvidenceStatement,
  type PredicateKind,
  type Subject,
  type Transition,
} from './evidence/statement.ts';
export {
  comparisons,
  metricQuestions,
  rollingStrategy,
  type BackgroundAnalysis,
  type CanaryStep,
  type CanaryStrategy,
  type Comparison,
  type DeploymentStrategy,
  type MetricBound,
  type MetricCondition,
  type MetricDefinition,
  type MetricQuestionKind,
} from './canary/strategy.ts';
export { boundOf, meets, needsBaseline, parseCondition, printCondition } from './canary/metric-condition.ts';
export {
  answeredCount,
  assessMetric,
  emptyMetricRun,
  errorRetryMs,
  judgeMeasurement,
  keptMeasurements,
  measurementVerdicts,
  metricPhases,
  nextMeasurementAt,
  recordMeasurement,
  type Measurement,
  type MeasurementVerdict,
  type MetricAnswer,
  type MetricPhase,
  type MetricRun,
} from './canary/assess-metric.ts';
export {
  canaryPhases,
  type AnalysisRun,
  type CanaryControl,
  type CanaryMetricReport,
  type CanaryPhase,
  type CanaryProgress,
  type CanaryReport,
  type RequestTotals,
} from './canary/canary.ts';
export {
  beginCanary,
  decideCanary,
  type CanaryAction,
  type CanaryDecision,
  type CanaryFacts,
  type DueMeasurement,
  type TakenMeasurement,
} from './canary/decide-canary.ts';
export { canaryLimits, parseStrategy } from './canary/parse-strategy.ts';
