import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { ApiError } from './api-client.js';
import { versionText } from './greeting.js';
import { guestbookPage, unavailablePage } from './page.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const style = readFileSync(new URL('./style.css', import.meta.url), 'utf8');

/** When this process began: what runs on while its config changes says the same. */
const startedAt = new Date().toISOString();

/**
 * @param banner - as it was at the start; `notice()` - as it is now.
 * @param readiness - `isReady` is true between the start of listening and the signal to stop.
 */
export function createApp({ api, greeting, banner, notice = () => '', logger, readiness }) {
  const app = new Hono();
  const head = () => ({ greeting, banner, notice: notice() });
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  // Not a question to the api: services that wait for each other would never start.
  app.get('/readyz', (context) => context.json({ ready: readiness.isReady }, readiness.isReady ? 200 : 503));

  app.use(logRequests(logger, readiness));
  app.use(
    secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'none'"], styleSrc: ["'self'"], formAction: ["'self'"] } }),
  );
  app.get('/version', (context) => context.json({ service: 'web', version, text: versionText, startedAt }));
  app.get('/style.css', (context) => context.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/', async (context) => {
    const author = context.req.query('author') || undefined;
    return context.html(guestbookPage({ ...head(), author, entries: await api.list(author) }));
  });
  app.post('/entries', bodyLimit({ maxSize: 16_384, onError: tooLarge }), async (context) => {
    const form = await context.req.parseBody();
    const draft = { author: String(form.author ?? ''), message: String(form.message ?? '') };
    const faults = await api.add(draft);
    if (Object.keys(faults).length === 0) return context.redirect('/', 303);
    return context.html(guestbookPage({ ...head(), entries: await api.list(), faults, draft }), 400);
  });
  app.onError((error, context) => {
    logger.error({ err: error }, 'request failed');
    return context.html(unavailablePage(head()), error instanceof ApiError ? 502 : 500);
  });
  return app;
}

/** Probes come before it and are not logged. */
function logRequests(logger, readiness) {
  return async (context, next) => {
    const startedAt = performance.now();
    await next();
    // A stopping server must not keep connections: it would wait for each to go idle.
    if (!readiness.isReady) context.header('connection', 'close');
    const { method, path } = context.req;
    logger.info(
      { method, path, status: context.res.status, durationMs: Math.round(performance.now() - startedAt) },
      'request',
    );
  };
}

function tooLarge(context) {
  return context.text('This entry is too long', 413);
}
