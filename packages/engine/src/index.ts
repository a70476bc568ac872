export { EngineError, engineErrors } from './engine-error.ts';
export type { Database } from './database/database.ts';
export { startDatabase } from './database/start-database.ts';
export { useDatabase } from './database/use-database.ts';
export { createEngine, type EffectStatus, type Engine, type EngineOptions } from './create-engine.ts';
export type { EffectContext, EffectFailure, EffectHandler, EngineLogger } from './effects/effect-handler.ts';
