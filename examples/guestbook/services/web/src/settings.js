import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(0).max(60_000);

const schema = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: port.default(8080),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Where the api answers; both are injected for the Service `api`. */
  API_SERVICE_HOST: z.string().min(1).default('127.0.0.1'),
  API_SERVICE_PORT: port.default(8081),
  UPSTREAM_TIMEOUT_MS: milliseconds.default(3000),
  /** Headline of the page. */
  GREETING: z.string().min(1).max(200).default('Welcome to our guestbook'),
  /** Settings of the app, mounted from its app config. */
  SETTINGS_FILE: z.string().min(1).optional(),
  /** The app config's live endpoint, injected for `slipway-config`; the token of this environment opens it. */
  SLIPWAY_CONFIG_SERVICE_HOST: z.string().min(1).default('127.0.0.1'),
  SLIPWAY_CONFIG_SERVICE_PORT: port.default(7780),
  CONFIG_PROFILE: z.string().min(1).default('qa'),
  CONFIG_TOKEN: z.string().min(1).optional(),
  CONFIG_CACHE: z.string().min(1).default('/tmp/guestbook-config.json'),
  /** How long a stopping server still takes requests, until nobody sends it any. */
  DRAIN_MS: milliseconds.default(0),
  STOP_TIMEOUT_MS: milliseconds.default(10_000),
});

/**
 * @param {Record<string, string | undefined>} environment
 * @throws {Error} naming every variable that has a wrong value.
 */
export function readSettings(environment) {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(`Wrong settings in the environment:\n${z.prettifyError(parsed.error)}`);
  const values = parsed.data;
  return {
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    api: `http://${values.API_SERVICE_HOST}:${values.API_SERVICE_PORT}`,
    upstreamTimeoutMs: values.UPSTREAM_TIMEOUT_MS,
    greeting: values.GREETING,
    settingsFile: values.SETTINGS_FILE,
    liveConfig: {
      url: `http://${values.SLIPWAY_CONFIG_SERVICE_HOST}:${values.SLIPWAY_CONFIG_SERVICE_PORT}`,
      profile: values.CONFIG_PROFILE,
      token: values.CONFIG_TOKEN,
      cacheFile: values.CONFIG_CACHE,
    },
    drainMs: values.DRAIN_MS,
    stopTimeoutMs: values.STOP_TIMEOUT_MS,
  };
}
