import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const newEntry = z.strictObject({ author: z.string().min(1), message: z.string().min(1) });
const query = z.object({
  author: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** @param readiness - `isReady` is true between the start of listening and the signal to stop. */
export function createApp({ entries, logger, readiness }) {
  const app = new Hono();
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', (context) => context.json({ ready: readiness.isReady }, readiness.isReady ? 200 : 503));

  app.use(logRequests(logger, readiness));
  app.get('/version', (context) => context.json({ service: 'store', version }));
  app.get('/schema', (context) => context.json({ version: entries.schemaVersion() }));
  app.get('/entries', (context) => {
    const parsed = query.safeParse(context.req.query());
    return parsed.success ? context.json({ entries: entries.list(parsed.data) }) : refuse(context, parsed.error);
  });
  app.post('/entries', bodyLimit({ maxSize: 16_384, onError: tooLarge }), async (context) => {
    const parsed = newEntry.safeParse(await context.req.json().catch(() => undefined));
    return parsed.success ? context.json(entries.add(parsed.data), 201) : refuse(context, parsed.error);
  });
  app.onError((error, context) => {
    logger.error({ err: error }, 'request failed');
    return context.json({ error: 'internal' }, 500);
  });
  return app;
}

function refuse(context, error) {
  return context.json({ error: 'invalid', detail: z.prettifyError(error) }, 400);
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
  return context.json({ error: 'too-large' }, 413);
}
