export { startThrowawayDatabase, type ThrowawayDatabase } from './throwaway-database.ts';
export { healthyStatus, MemoryTarget } from './memory-target.ts';
export { plainRenderer } from './plain-renderer.ts';
