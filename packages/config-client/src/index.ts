export { openConfig, type ConfigOptions, type LiveConfig } from './open-config.ts';
export type { Config, ConfigValue } from './config.ts';
