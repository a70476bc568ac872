export { gitRepositoryContract, type GitUnderTest } from './git.ts';
export { stageExecutorContract, type ExecutorUnderTest } from './stage-executor.ts';
export { rendererContract, type OpenedRenderer } from './renderer.ts';
