import { parseBranch, parseName } from '@slipway/domain';
import { identifyProcess } from '@slipway/host';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { ForgeError } from './forge-error.ts';
import type { ReceiveHooks } from './receive-hooks.ts';
import { createSmartHttpHandler } from './smart-http.ts';

const name = parseName('proof');
const branch = parseBranch('main');

/**
 * Pushes what must be refused to a scratch repository, over HTTP as anybody would, with the hook in its real place.
 *
 * A file system that runs no programs, a hook that Git passes over or a server that the hook cannot reach show here,
 * before the first push of somebody.
 *
 * @throws {@link ForgeError} `FORGE_UNPROTECTED` unless exactly our refusal came back and no ref exists.
 */
export async function proveProtection(
  hooks: ReceiveHooks,
  options: { readonly gitProgram?: string; readonly signal?: AbortSignal } = {},
): Promise<void> {
  await sweepProofs(hooks.stateDir);
  const folder = path.join(hooks.stateDir, `forge-proof-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await pushInVain(hooks, folder, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What processes left that died in the middle of it. */
async function sweepProofs(stateDir: string): Promise<void> {
  for (const name of await readdir(stateDir)) {
    const pid = /^forge-proof-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
    const isLeft = pid !== undefined && identifyProcess(Number(pid)) === undefined;
    if (isLeft) await rm(path.join(stateDir, name), { recursive: true, force: true });
  }
}

async function pushInVain(
  hooks: ReceiveHooks,
  folder: string,
  options: Parameters<typeof proveProtection>[1],
): Promise<void> {
  const target = await hooks.git.create(path.join(folder, 'target.git'));
  const source = await hooks.git.create(path.join(folder, 'source.git'));
  const proof = randomBytes(16).toString('hex');
  const handler = createSmartHttpHandler({
    ...(options?.gitProgram === undefined ? {} : { gitProgram: options.gitProgram }),
    prefix: '/git',
    hooks,
    openRepository: () => Promise.resolve({ gitDir: target.gitDir }),
    authorise: ({ credentials }) =>
      Promise.resolve(
        credentials?.token === proof ? { kind: 'allowed', account: 'proof' } : { kind: 'unauthenticated' },
      ),
    decideReceive: () => Promise.resolve({ kind: 'refused', refs: [], message: proof }),
    onPushed: () => Promise.resolve(),
    onFault: () => undefined,
  });
  const server = createServer((request, response) => void handler(request, response));
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  try {
    const someone = { name: 'proof', email: 'proof@localhost' };
    const plan = { changes: [], author: someone, committer: someone, message: 'proof\n', at: '2026-01-01T00:00:00Z' };
    const [commit] = await source.commitChain(undefined, [plan]);
    if (commit === undefined) throw new ForgeError('FORGE_UNPROTECTED', 'The proof could not be made');
    const remote = {
      url: `http://127.0.0.1:${port}/git/${name}.git`,
      credential: { username: 'proof', password: proof },
    };
    const { signal } = options ?? {};
    const result = await source.push(remote, commit, branch, signal === undefined ? {} : { signal });
    const refs = await target.listRefs();
    if (result.kind === 'pushed' || refs.size > 0) {
      throw new ForgeError('FORGE_UNPROTECTED', 'A push that must be refused got in: Git passed over the hook');
    }
    if (!result.reason.includes(proof)) {
      throw new ForgeError('FORGE_UNPROTECTED', `A push was refused, but not by the server: ${result.reason}`);
    }
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}
