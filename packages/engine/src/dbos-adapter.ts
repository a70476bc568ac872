import { DBOS, type DLogger } from '@dbos-inc/dbos-sdk';
import type { ClientBase } from 'pg';
import type { EffectHandler, EngineLogger } from './effects/effect-handler.ts';
import { EngineError } from './engine-error.ts';

/** DBOS tells of a cancellation on another replica within about a second. */
export function followRemoteCancel(cancel: AbortController, key: string): void {
  const remote = DBOS.stepStatus?.cancelSignal;
  remote?.addEventListener(
    'abort',
    () => {
      cancel.abort(new EngineError('EFFECT_CANCELLED', `effect "${key}" was cancelled`));
    },
    { once: true },
  );
}

/** An effect that a newer version enqueued waits for it. */
export function unknownKind(kind: string): EffectHandler {
  const refuse = (): Promise<never> =>
    Promise.reject(new EngineError('EFFECT_KIND_UNKNOWN', `no handler does "${kind}"`));
  return { queue: '', run: refuse, failed: refuse };
}

/** The store hands over its own client, which only its own type knows. */
export function parseConnection(connection: unknown): ClientBase {
  const isClient = typeof connection === 'object' && connection !== null && 'query' in connection;
  if (!isClient) throw new TypeError('an effect is enqueued on a pg client');
  return connection as ClientBase;
}

/** What DBOS says, on our logger: its text is a field, its information is our debugging. */
export function dbosLogger(logger: EngineLogger): DLogger {
  const fields = (entry: unknown): Readonly<Record<string, unknown>> => ({
    said: entry instanceof Error ? entry.message : entry,
  });
  return {
    debug: (entry) => logger.debug(fields(entry), 'durable engine'),
    info: (entry) => logger.debug(fields(entry), 'durable engine'),
    warn: (entry) => logger.warn(fields(entry), 'durable engine'),
    error: (entry) => logger.warn(fields(entry), 'durable engine'),
  };
}
