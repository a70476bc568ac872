import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGitHost } from '@slipway/git';
import { runProgram, socketFolder } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import { mountSmallDisk, type SmallDisk } from '@slipway/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSmartHttpHandler, type ReceiveHooks, startReceiveHooks } from './index.ts';

const disk = mountSmallDisk();

describe.skipIf('because' in disk)(`a push to a full disk${'because' in disk ? `: ${disk.because}` : ''}`, () => {
  const { folder, fill, free, unmount } = disk as SmallDisk;
  const git = createGitHost();
  const tree = mkdtempSync(path.join(tmpdir(), 'slipway-push-'));
  const gitDir = path.join(folder, 'web.git');
  let hooks: ReceiveHooks;
  let server: Server;
  let repository: GitRepository;

  beforeAll(async () => {
    repository = await git.create(gitDir);
    hooks = await startReceiveHooks({ stateDir: folder, git, onFault: () => undefined });
    const handler = createSmartHttpHandler({
      prefix: '/git',
      hooks,
      openRepository: () => Promise.resolve({ gitDir }),
      authorise: () => Promise.resolve({ kind: 'allowed', account: 'ada' }),
      decideReceive: () => Promise.resolve({ kind: 'accepted' }),
      onPushed: () => Promise.resolve(),
      onFault: () => undefined,
    });
    server = createServer((request, response) => void handler(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await client('init', '-q', '-b', 'main');
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await hooks.close();
    rmSync(socketFolder(folder, 'forge'), { recursive: true, force: true });
    rmSync(tree, { recursive: true });
    unmount();
  });

  /** Git as a person has it. */
  async function client(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly text: string }> {
    const who = ['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL'];
    const environment = { ...Object.fromEntries(who.map((key) => [key, 'ada'])), HOME: tree, LC_ALL: 'C' };
    const result = await runProgram('git', ['-C', tree, ...args], { environment, accepts: [0, 1, 128] });
    return { exitCode: result.exitCode, text: result.stdout.toString() + result.stderr };
  }

  async function commitAndPush(bytes: number): Promise<{ readonly exitCode: number; readonly text: string }> {
    writeFileSync(path.join(tree, 'file'), randomBytes(bytes));
    await client('add', '.');
    await client('commit', '-q', '-m', 'change');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return client('push', '-q', `http://ada:token@127.0.0.1:${port}/git/web.git`, 'HEAD:main');
  }

  it('is refused with the reason on the client’s terminal, moves nothing, and lands when there is space', async () => {
    expect(await commitAndPush(100)).toMatchObject({ exitCode: 0 });
    const before = await repository.readRef('refs/heads/main');
    fill();

    const refused = await commitAndPush(1_000_000);

    expect(refused.exitCode).toBe(1);
    expect(refused.text).toMatch(/no space left on device/i);
    expect(await repository.readRef('refs/heads/main')).toBe(before);
    expect((await repository.readCommit(before as NonNullable<typeof before>)).message).toBe('change\n');
    expect(readdirSync(path.join(gitDir, 'objects')).filter((name) => /incoming|quarantine/.test(name))).toEqual([]);

    free();

    expect(await commitAndPush(1_000)).toMatchObject({ exitCode: 0 });
    expect(await repository.readRef('refs/heads/main')).not.toBe(before);
  });
});
