export { EffectLog } from './effect-log.ts';
export { healthyStatus, MemoryTarget } from './memory-target.ts';
export { MemoryNotifier } from './memory-notifier.ts';
export { MemoryMetrics } from './memory-metrics.ts';
export { plainRenderer } from './plain-renderer.ts';
export { mountSmallDisk, type SmallDisk } from './small-disk.ts';
export { startThrowawayDatabase, type ThrowawayDatabase } from './throwaway-database.ts';
export { unreached } from './unreached.ts';
