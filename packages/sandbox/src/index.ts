export { createStageExecutor, type StageExecutorOptions } from './stage-executor.ts';
export { createMasker, type Masker } from './masker.ts';
export { SandboxError, sandboxErrors } from './sandbox-error.ts';
