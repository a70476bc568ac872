import { createSmartHttpHandler, startReceiveHooks, type ReceiveDecision, type ReceivedPush } from '@slipway/forge';
import { socketFolder } from '@slipway/host';
import type { GitHost, GitRemote } from '@slipway/ports';
import { rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** A real smart-HTTP remote on the loopback, over the bare repositories of a folder. */
export interface LoopbackForge {
  remote(name: string): GitRemote;
  /** Decides the pushes that come. */
  decide(decide: (push: ReceivedPush) => ReceiveDecision): void;
  readonly pushes: () => number;
  close(): Promise<void>;
}

export async function startLoopbackForge(git: GitHost, folder: string): Promise<LoopbackForge> {
  const faults: unknown[] = [];
  let decide: (push: ReceivedPush) => ReceiveDecision = () => ({ kind: 'accepted' });
  let pushes = 0;
  const hooks = await startReceiveHooks({ stateDir: folder, git, onFault: (error) => void faults.push(error) });
  const handler = createSmartHttpHandler({
    prefix: '/git',
    hooks,
    openRepository: async (name) => {
      const gitDir = path.join(folder, `${name}.git`);
      return (await stat(gitDir).catch(() => undefined)) === undefined ? undefined : { gitDir };
    },
    authorise: ({ credentials }) =>
      Promise.resolve(
        credentials?.token === 'token' ? { kind: 'allowed', account: 'writer' } : { kind: 'unauthenticated' },
      ),
    decideReceive: (push) => {
      pushes += 1;
      return Promise.resolve(decide(push));
    },
    onPushed: () => Promise.resolve(),
    onFault: (error) => void faults.push(error),
  });
  const server = createServer((request, response) => {
    void handler(request, response).then((isServed) => {
      if (!isServed) response.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    remote: (name) => ({
      url: `http://127.0.0.1:${port}/git/${name}.git`,
      credential: { username: 'writer', password: 'token' },
    }),
    decide: (next) => (decide = next),
    pushes: () => pushes,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await hooks.close();
      await rm(socketFolder(folder, 'forge'), { recursive: true, force: true });
      if (faults.length > 0) throw new AggregateError(faults, 'the forge had faults');
    },
  };
}
