import { z } from 'zod';

const milliseconds = z.coerce.number().int().min(0).max(60_000);

const schema = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Folder of the database. Absent: a new one in the system's temporary folder, gone with the process. */
  DATA_DIR: z.string().min(1).optional(),
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
  const { HOST, PORT, LOG_LEVEL, DATA_DIR, DRAIN_MS, STOP_TIMEOUT_MS } = parsed.data;
  return {
    host: HOST,
    port: PORT,
    logLevel: LOG_LEVEL,
    dataDir: DATA_DIR,
    drainMs: DRAIN_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  };
}
