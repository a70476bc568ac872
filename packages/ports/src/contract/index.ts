export { gitRepositoryContract, type GitUnderTest } from './git.ts';
export { stageExecutorContract, type ExecutorUnderTest } from './stage-executor.ts';
export { rendererContract, type OpenedRenderer } from './renderer.ts';
export { metricsStoreContract, type MetricsStoreUnderTest } from './metrics-store.ts';
export { plainSigner, storeContract, type StoreUnderTest } from './store.ts';
export { artifactRegistryContract, type RegistryContractOptions, type RegistryUnderTest } from './registry.ts';
export { targetContract, type TargetHarness } from './target.ts';
export { notifierContract, type NotifierUnderTest, type ReceiverMood } from './notifier.ts';
export { metricsProviderContract, type MetricsProviderUnderTest, type RecordedAnswer } from './metrics-provider.ts';
