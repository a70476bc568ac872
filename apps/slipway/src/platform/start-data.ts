import type { Logger } from 'pino';
import {
  createEngine,
  type Database,
  type EffectHandler,
  type Engine,
  startDatabase,
  useDatabase,
} from '@slipway/engine';
import { createStatementSigner } from '@slipway/evidence';
import { createMetricsStore, createStore, type OpenMetricsStore, type OpenStore } from '@slipway/store';
import { effectQueues } from './effect-handlers.ts';
import { openServerKey, type ServerKey } from './signing-keys.ts';
import type { StateFolder } from './state-folder.ts';

/** Database, keys, records and the durable engine of one server. */
export interface DataSide {
  readonly database: Database;
  readonly key: ServerKey;
  readonly engine: Engine;
  readonly store: OpenStore;
  readonly metrics: OpenMetricsStore;
  /** Lets go of everything; the embedded database ends with `isStopping`. */
  close(options: { readonly isStopping: boolean }): Promise<void>;
}

export interface DataOptions {
  readonly folder: StateFolder;
  readonly databaseUrl?: string | undefined;
  readonly metricsUrl?: string | undefined;
  readonly pgBin?: string | undefined;
  readonly handlers: Readonly<Record<string, EffectHandler>>;
  readonly log: Logger;
  readonly onFenced: (error: unknown) => void;
}

/** Opens the data of an installation. Effects left by a crash start again at once, so handlers wait until the server is ready. */
export async function startData(options: DataOptions): Promise<DataSide> {
  const { folder, log } = options;
  const database =
    options.databaseUrl === undefined
      ? await startDatabase({ stateDir: folder.root, pgBin: options.pgBin })
      : await useDatabase({ url: options.databaseUrl, metricsUrl: options.metricsUrl });
  const key = await openServerKey(folder);
  const engine = await createEngine({
    databaseUrl: database.url,
    executorId: 'server',
    handlers: options.handlers,
    queues: effectQueues,
    logger: log.child({ part: 'engine' }),
    onFenced: options.onFenced,
  });
  const onError = (error: unknown): void => log.error({ err: error }, 'store fault');
  const store = await createStore({
    url: database.url,
    signer: createStatementSigner({ privateKey: key.signing.privateKey, keyId: key.fingerprint }),
    effects: engine.effectQueue(),
    clock: () => new Date().toISOString(),
    onError,
  });
  const metrics = await createMetricsStore({ url: options.metricsUrl ?? database.metricsUrl });
  return {
    database,
    key,
    engine,
    store,
    metrics,
    async close({ isStopping }) {
      await engine.stop(5_000);
      await store.close();
      await metrics.close();
      if (isStopping) await database.stop();
    },
  };
}
