export { runRuntime, type RuntimeOptions } from './server/run-runtime.ts';
export { connectRuntime, type LocalRuntime } from './client/connect-runtime.ts';
export { startOrAdoptRuntime, stopRuntime } from './client/start-runtime.ts';
export { RuntimeError, runtimeErrors } from './runtime-error.ts';
export type { RuntimeVersion } from './server/protocol.ts';
export type { MachineLimits } from './pods/machine.ts';
export { runtimeMetrics } from './client/runtime-metrics.ts';
export { historyMs, type RevisionMetrics, type ServiceMetrics } from './services/request-metrics.ts';
export { latencyBoundsMs } from './services/request-counters.ts';
