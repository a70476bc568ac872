import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { entrySchema, faultsByField } from './entry.js';
import { StoreError } from './store-client.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** @param readiness - `isReady` is true between the start of listening and the signal to stop. */
export function createApp({ store, messageMaxLength, logger, readiness }) {
  const schema = entrySchema(messageMaxLength);
  const app = new Hono();
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  // Not a question to the store: services that wait for each other would never start.
  app.get('/readyz', (context) => context.json({ ready: readiness.isReady }, readiness.isReady ? 200 : 503));

  app.use(logRequests(logger, readiness));
  app.get('/version', (context) => context.json({ service: 'api', version }));
  app.get('/entries', async (context) =>
    context.json({ entries: await store.list(context.req.query('author') || undefined) }),
  );
  app.post('/entries', bodyLimit({ maxSize: 16_384, onError: tooLarge }), async (context) => {
    const parsed = schema.safeParse(await context.req.json().catch(() => ({})));
    if (!parsed.success) return context.json({ error: 'invalid', faults: faultsByField(parsed.error) }, 400);
    return context.json(await store.add(parsed.data), 201);
  });
  app.onError((error, context) => {
    logger.error({ err: error }, 'request failed');
    return error instanceof StoreError
      ? context.json({ error: 'store-unavailable' }, 502)
      : context.json({ error: 'internal' }, 500);
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
  return context.json({ error: 'too-large', faults: { message: 'This entry is too long' } }, 413);
}
