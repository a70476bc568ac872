import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRegistryHandler, type RegistryOptions } from '../registry/handler.ts';

/** @internal A registry of our own on loopback, for tests. */
export interface ThrowawayRegistry {
  readonly url: string;
  readonly rootDir: string;
  /** Stops it and removes what it kept. */
  readonly close: () => Promise<void>;
}

/** @internal The account that {@link openThrowawayRegistry} knows. */
export const testAccount = { username: 'builder', password: 'correct horse' } as const;

/** @internal Opens one; without options it knows {@link testAccount} only, which may do everything. */
export async function openThrowawayRegistry(options: Partial<RegistryOptions> = {}): Promise<ThrowawayRegistry> {
  const rootDir = options.rootDir ?? (await mkdtemp(path.join(tmpdir(), 'slipway-registry-')));
  const handler = createRegistryHandler({
    authorise: async ({ credentials }) =>
      credentials?.username === testAccount.username && credentials.password === testAccount.password
        ? 'allowed'
        : 'unauthenticated',
    ...options,
    rootDir,
  });
  const server = createServer((request, response) => void handler(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    rootDir,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await rm(rootDir, { recursive: true, force: true });
    },
  };
}
