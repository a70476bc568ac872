export { ConfigError, configErrors } from './config-error.ts';
export { defaults } from './defaults.ts';
export { printFault, type Fault } from './fault.ts';
export { parsePipelines } from './parse-pipelines.ts';
export { parseDelivery } from './parse-delivery.ts';
export { compileGlobs } from './glob.ts';
export { jsonSchemas } from './json-schemas.ts';
export {
  parseNotificationSettings,
  type ChannelSetting,
  type NotificationSettings,
} from './notification-settings.ts';
export { SettingError, settingErrors } from './setting-error.ts';
export { readProgramEnvironment, type ProgramEnvironment } from './program-environment.ts';
export { checkSettings, type SettingsFile } from './check-settings.ts';
export { flattenSettings, type FlatValue } from './flatten-settings.ts';
