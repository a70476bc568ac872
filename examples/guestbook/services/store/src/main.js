import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { createApp } from './app.js';
import { openEntries } from './entries.js';
import { readSettings } from './settings.js';

const settings = readSettings(process.env);
const logger = pino({ level: settings.logLevel, base: { service: 'store' } });
const entries = openEntries(settings.dataDir);
const readiness = { isReady: false };
const app = createApp({ entries, logger, readiness });

const server = serve({ fetch: app.fetch, hostname: settings.host, port: settings.port }, ({ port }) => {
  readiness.isReady = true;
  logger.info({ port, schema: entries.schemaVersion() }, 'listening');
});

closeWithGrace({ delay: settings.stopTimeoutMs + settings.drainMs, logger }, async ({ signal, err }) => {
  readiness.isReady = false;
  if (err) logger.error({ err }, 'stopping after an error');
  else logger.info({ signal }, 'stopping');
  await setTimeout(settings.drainMs);
  await new Promise((resolve) => server.close(resolve));
  entries.close();
});
