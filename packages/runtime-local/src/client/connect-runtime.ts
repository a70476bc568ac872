import type { Cancellable, Target, TargetEvent } from '@slipway/ports';
import type { RuntimeVersion } from '../server/protocol.ts';
import { socketOf } from '../server/run-runtime.ts';
import type { ServiceMetrics } from '../services/request-metrics.ts';
import { RuntimeClient } from './runtime-client.ts';

/** The local runtime as a target, with what only it can tell. */
export interface LocalRuntime extends Target {
  /** Counters of a Service by revision, of a window or since the runtime began; absent when there is no such Service. */
  requestMetrics(
    service: { readonly namespace: string; readonly name: string },
    options?: Cancellable & { readonly windowMs?: number },
  ): Promise<ServiceMetrics | undefined>;
  /** What the running runtime is and what this machine lets its pods have. */
  version(options?: Cancellable): Promise<RuntimeVersion>;
}

/** Connects to the runtime of a state folder, which need not run yet: calls fail with `TARGET_UNREACHABLE` until it does. */
export function connectRuntime(options: { readonly stateDir: string }): LocalRuntime {
  const client = new RuntimeClient(socketOf(options.stateDir));
  return {
    name: 'local',
    sharing: 'weights',
    apply: (object, { fieldManager, isDryRun, signal }) =>
      client.call('apply', { object, fieldManager, isDryRun }, { signal }),
    get: async (key, cancel) => (await client.call('get', { key }, cancel)).object,
    list: async (labels, cancel) => (await client.call('list', { labels }, cancel)).objects,
    remove: async (key, labels, cancel) => (await client.call('remove', { key, labels }, cancel)).isRemoved,
    watch: (labels, { signal }) => events(client, labels, signal),
    serviceAddress: async (service, cancel) => {
      const { port } = await client.call('address', service, cancel);
      return port === undefined ? undefined : { host: '127.0.0.1', port };
    },
    logs: async (deployment, logOptions) => {
      const tailLines = logOptions?.tailLines ?? 1000;
      return (await client.call('logs', { ...deployment, tailLines }, { signal: logOptions?.signal })).text;
    },
    requestMetrics: async ({ namespace, name }, { signal, windowMs } = {}) => {
      const window = windowMs === undefined ? {} : { windowMs };
      return (await client.call('metrics', { namespace, name, ...window }, { signal })).metrics;
    },
    version: (cancel) => client.call('version', {}, cancel),
  };
}

async function* events(
  client: RuntimeClient,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<TargetEvent> {
  for await (const line of client.watch(labels, signal)) if (line.kind !== 'alive') yield line;
}
