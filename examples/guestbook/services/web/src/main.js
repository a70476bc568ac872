import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { apiClient } from './api-client.js';
import { readAppSettings } from './app-settings.js';
import { createApp } from './app.js';
import { followNotice } from './notice.js';
import { readSettings } from './settings.js';

const settings = readSettings(process.env);
const logger = pino({ level: settings.logLevel, base: { service: 'web' } });
const api = apiClient(settings.api, settings.upstreamTimeoutMs);
const readiness = { isReady: false };
const { banner } = readAppSettings(settings.settingsFile);
const notice = followNotice(settings.liveConfig, logger);
const app = createApp({ api, greeting: settings.greeting, banner, notice: notice.text, logger, readiness });

const server = serve({ fetch: app.fetch, hostname: settings.host, port: settings.port }, ({ port }) => {
  readiness.isReady = true;
  logger.info({ port, api: settings.api }, 'listening');
});

closeWithGrace({ delay: settings.stopTimeoutMs + settings.drainMs, logger }, async ({ signal, err }) => {
  readiness.isReady = false;
  if (err) logger.error({ err }, 'stopping after an error');
  else logger.info({ signal }, 'stopping');
  await setTimeout(settings.drainMs);
  await new Promise((resolve) => server.close(resolve));
  await notice.close();
});
