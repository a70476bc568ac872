import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pino from 'pino';
import { createRegistryClient } from '@slipway/oci';
import { runRuntime } from '@slipway/runtime-local';

/** The body of the runtime's process; the server starts it, people need it only to look. */
export async function runtimeCommand(options: { readonly state: string }): Promise<void> {
  const file = path.join(options.state, 'server', 'runtime.json');
  const setting = async (): Promise<{ readonly url: string; readonly host: string; readonly secret: string }> =>
    JSON.parse(await readFile(file, 'utf8')) as never;
  const { url, host } = await setting();
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort());
  const log = pino({ base: { part: 'runtime' } });
  // The secret changes with each start of the server, the runtime lives on: it is read anew for each pull.
  const fresh = async (): Promise<ReturnType<typeof createRegistryClient>> =>
    createRegistryClient({ url, host, credential: { username: 'runtime', password: (await setting()).secret } });
  await runRuntime({
    stateDir: options.state,
    signal: ending.signal,
    configPort: Number(new URL(url).port),
    registries: [
      {
        host,
        getManifest: async (...args) => (await fresh()).getManifest(...args),
        hasBlob: async (...args) => (await fresh()).hasBlob(...args),
        getBlob: async (...args) => (await fresh()).getBlob(...args),
        putBlob: async (...args) => (await fresh()).putBlob(...args),
        putManifest: async (...args) => (await fresh()).putManifest(...args),
        listTags: async (...args) => (await fresh()).listTags(...args),
      },
    ],
    log: ({ level, message, ...fields }) => log[level](fields, message),
  });
}
