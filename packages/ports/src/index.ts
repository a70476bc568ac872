export type {
  Cancellable,
  GitTreeEntry,
  GitCommit,
  GitFileChange,
  GitCommitPlan,
  ChangedLines,
  MergeResult,
  GitRepository,
  GitRemote,
  GitHost,
} from './git.ts';
export type {
  Descriptor,
  StoredManifest,
  ArtifactRegistry,
  BuiltImage,
  ImageBuildRequest,
  ImageBuilder,
} from './registry.ts';
export {
  isolations,
  type Isolation,
  type IsolationFacts,
  type NetworkAllowance,
  type StageOutput,
  type ExecutionRequest,
  type ExecutionResult,
  type StageExecutor,
} from './executor.ts';
export type { KubeObject, ObjectKey, ApplyOutcome, TargetEvent, Target } from './target.ts';
export { TargetError, targetErrors } from './target-error.ts';
export type { ClosureFile, Renderer } from './renderer.ts';
export {
  appConfigMovedEffect,
  promotionMergedEffect,
  type Stored,
  type Effect,
  type EffectQueue,
  type Match,
  type RecordReader,
  type StoreTransaction,
  type KeptStatement,
  type Store,
  type StatementSigner,
  type MetricPoint,
  type MetricsStore,
} from './store.ts';
export type { ContentStore, LogStore, LogWriter } from './content.ts';
export type { ManifestUpdateRequest, ManifestUpdateResult, ManifestUpdates } from './manifest-updates.ts';
export { readEntryFacts } from './read-entry-facts.ts';
export type { NotificationMessage, Notifier } from './notifier.ts';
export { NotifyError, notifyErrors } from './notify-error.ts';
export { notify, notifyEffect, notifyOutcome, type OutcomeNotice } from './notify.ts';
export { authorsOf } from './authors-of.ts';
export {
  MetricsError,
  metricsErrors,
  type MetricsPlace,
  type MetricsProvider,
  type MetricsQuestion,
} from './metrics-provider.ts';
