import { parseBranch, parseName, type CommitId } from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import { runProgram, socketFolder, type ProgramResult } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createSmartHttpHandler,
  decideRefUpdates,
  describeUpdates,
  proveProtection,
  startReceiveHooks,
  type LandedPush,
  type ReceiveDecision,
  type ReceivedPush,
  type ReceiveHooks,
} from './index.ts';

const git = createGitHost();
const main = 'refs/heads/main';
let folder: string;
let hooks: ReceiveHooks;
let server: Server;
let port: number;
let repository: GitRepository;
let repositoryName: string;
let count = 0;
let landed: LandedPush[] = [];
let faults: unknown[] = [];
let decide: (push: ReceivedPush) => Promise<ReceiveDecision>;

async function byRules(push: ReceivedPush): Promise<ReceiveDecision> {
  const updates = await describeUpdates(push);
  const protectedBranches = [{ branch: parseBranch('main'), requiresPullRequest: push.account === 'developer' }];
  return decideRefUpdates({ account: push.account, updates, protectedBranches, serviceWriters: ['writer'] });
}

const accounts: Readonly<Record<string, string>> = {
  'token-ada': 'ada',
  'token-dev': 'developer',
  'token-reader': 'reader',
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-forge-'));
  hooks = await startReceiveHooks({ stateDir: folder, git, onFault: (error) => faults.push(error) });
  const handler = createSmartHttpHandler({
    prefix: '/git',
    hooks,
    maxPushBytes: 200_000,
    openRepository: async (name) => {
      const gitDir = path.join(folder, `${name}.git`);
      return (await stat(gitDir).catch(() => undefined)) === undefined ? undefined : { gitDir };
    },
    authorise: ({ credentials, action }) => {
      const account = accounts[credentials?.token ?? ''];
      if (account === undefined) return Promise.resolve({ kind: 'unauthenticated' });
      if (account === 'reader' && action === 'write')
        return Promise.resolve({ kind: 'denied', reason: 'reader may not push' });
      return Promise.resolve({ kind: 'allowed', account });
    },
    decideReceive: (push) => decide(push),
    onPushed: async (push) => void landed.push(push),
    onFault: (error) => void faults.push(error),
  });
  server = createServer((request, response) => {
    void handler(request, response).then((isServed) => {
      if (!isServed) response.writeHead(418).end();
    });
  });
  port = await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await stop(hooks);
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  count += 1;
  repositoryName = `r${count}`;
  repository = await git.create(path.join(folder, `${repositoryName}.git`));
  landed = [];
  faults = [];
  decide = byRules;
});

async function stop(started: ReceiveHooks): Promise<void> {
  await started.close();
  await rm(socketFolder(started.stateDir, 'forge'), { recursive: true });
}

function url(token: string): string {
  return `http://any:${token}@127.0.0.1:${port}/git/${repositoryName}.git`;
}

/** Git as a person has it, in a work tree of its own. */
async function client(tree: string, args: readonly string[]): Promise<ProgramResult & { readonly text: string }> {
  const who = ['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL'];
  const result = await runProgram('git', ['-C', tree, ...args], {
    environment: {
      ...Object.fromEntries(who.map((key) => [key, 'ada'])),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      HOME: tree,
      LC_ALL: 'C',
    },
    accepts: [0, 1, 128],
  });
  return { ...result, text: result.stdout.toString() + result.stderr };
}

async function clone(token = 'token-ada'): Promise<string> {
  const tree = path.join(folder, `work-${count}-${Math.random().toString(16).slice(2)}`);
  const result = await client(folder, ['clone', '-q', url(token), tree]);
  expect(result.exitCode, result.text).toBe(0);
  return tree;
}

async function addCommit(tree: string, text: string | Buffer): Promise<CommitId> {
  await writeFile(path.join(tree, 'file.txt'), text);
  await client(tree, ['add', '.']);
  await client(tree, ['commit', '-q', '-m', 'change']);
  const found = await git.open(path.join(tree, '.git'));
  const id = await found.readRef(main);
  if (id === undefined) throw new Error('no commit');
  return id;
}

async function firstPush(): Promise<{ readonly tree: string; readonly commit: CommitId }> {
  const tree = await clone();
  const commit = await addCommit(tree, 'one\n');
  const result = await client(tree, ['push', '-q', 'origin', 'HEAD:main']);
  expect(result.exitCode, result.text).toBe(0);
  return { tree, commit };
}

describe('clone and push', () => {
  it('takes a push in, says who moved what, and gives it back to a clone', async () => {
    const { tree, commit } = await firstPush();

    const second = await addCommit(tree, 'two\n');
    const result = await client(tree, ['push', '-o', 'ci.skip', 'origin', 'HEAD:main']);

    expect(result.exitCode, result.text).toBe(0);
    expect(await repository.listRefs()).toEqual(new Map([[main, second]]));
    const name = parseName(repositoryName);
    expect(landed).toEqual([
      { repository: name, account: 'ada', updates: [{ ref: main, after: commit }], pushOptions: [] },
      {
        repository: name,
        account: 'ada',
        updates: [{ ref: main, before: commit, after: second }],
        pushOptions: ['ci.skip'],
      },
    ]);
    const again = await clone('token-reader');
    expect((await client(again, ['rev-parse', 'HEAD'])).stdout.toString().trim()).toBe(second);
    const shallow = await client(folder, [
      'clone',
      '-q',
      '--depth=1',
      '--filter=blob:none',
      '--bare',
      url('token-ada'),
      `${again}-shallow`,
    ]);
    expect(shallow.exitCode, shallow.text).toBe(0);
    expect(faults).toEqual([]);
  });

  it('takes a push in that comes packed and in pieces', async () => {
    const tree = await clone();
    const lines = Array.from({ length: 3000 }, (_, index) => createHash('sha256').update(String(index)).digest('hex'));
    const commit = await addCommit(tree, lines.join('\n'));

    const result = await client(tree, ['-c', 'http.postBuffer=1000', 'push', '-q', 'origin', 'HEAD:main']);

    expect(result.exitCode, result.text).toBe(0);
    expect(await repository.readRef(main)).toBe(commit);
  });

  it('fetches many refs by a packed request', async () => {
    const { commit } = await firstPush();
    for (let index = 0; index < 40; index += 1) await repository.updateRef(`refs/heads/b${index}`, commit, undefined);

    const tree = await clone();

    expect((await client(tree, ['branch', '-r'])).stdout.toString().trim().split('\n').length).toBeGreaterThanOrEqual(
      41,
    );
  });
});

describe('rights', () => {
  it('asks for a token, and takes no wrong one', async () => {
    const wrong = await client(folder, ['ls-remote', url('wrong')]);
    const none = await status({ path: `/git/${repositoryName}.git/info/refs?service=git-upload-pack` });

    expect(wrong.exitCode).toBe(128);
    expect(wrong.text).toContain('Authentication failed');
    expect(none.status).toBe(401);
    expect(none.challenge).toMatch(/^Basic realm=/);
  });

  it('says why somebody may not push', async () => {
    const tree = await clone('token-reader');
    await addCommit(tree, 'x');

    const result = await client(tree, ['push', 'origin', 'HEAD:main']);

    expect(result.text).toContain('reader may not push');
    expect(result.text).toContain('403');
    expect(await repository.listRefs()).toEqual(new Map());
  });
});

describe('protection', () => {
  it('refuses a force-push with the reason on the client’s terminal', async () => {
    const { tree, commit } = await firstPush();
    await client(tree, ['commit', '-q', '--amend', '-m', 'other']);

    const result = await client(tree, ['push', '--force', 'origin', 'HEAD:main']);

    expect(result.exitCode).toBe(1);
    expect(result.text).toContain('slipway: refs/heads/main: a protected branch is never force-pushed');
    expect(await repository.listRefs()).toEqual(new Map([[main, commit]]));
    expect(landed).toHaveLength(1);
  });

  it.each([
    ['a deletion', [':main'], 'never deleted'],
    ['a ref of the server', ['HEAD:refs/pull/1/head'], 'only branches and tags'],
    ['a tag of no commit', ['HEAD^{tree}:refs/tags/t'], 'leads to no commit'],
  ])('refuses %s', async (_, refspecs, reason) => {
    const { tree, commit } = await firstPush();

    const result = await client(tree, ['push', 'origin', ...refspecs]);

    expect(result.exitCode).toBe(1);
    expect(result.text).toContain(reason);
    expect(await repository.listRefs()).toEqual(new Map([[main, commit]]));
  });

  it('takes nothing of a push in when one ref is refused', async () => {
    const { tree } = await firstPush();
    await client(tree, ['tag', 'v1']);

    const result = await client(tree, ['push', 'origin', 'HEAD:refs/heads/ok', 'v1', 'HEAD:refs/pull/2/head']);

    expect(result.exitCode).toBe(1);
    expect((await repository.listRefs()).size).toBe(1);
  });

  it('refuses a direct push where a pull request is needed, and takes the branch for it', async () => {
    await firstPush();
    const tree = await clone('token-dev');
    await addCommit(tree, 'two');

    expect((await client(tree, ['push', 'origin', 'HEAD:main'])).text).toContain('by pull request only');
    expect((await client(tree, ['push', 'origin', 'HEAD:feature'])).exitCode).toBe(0);
    expect((await client(tree, ['push', '--force', 'origin', 'HEAD~1:feature'])).exitCode).toBe(0);
  });

  it('never shows or takes the refs under refs/slipway', async () => {
    const { tree, commit } = await firstPush();
    await repository.updateRef('refs/slipway/secret', commit, undefined);

    expect((await client(tree, ['ls-remote', 'origin'])).text).not.toContain('refs/slipway');
    expect((await client(tree, ['push', 'origin', 'HEAD:refs/slipway/x'])).exitCode).toBe(1);
    expect(await repository.readRef('refs/slipway/x')).toBeUndefined();
  });

  it('refuses when the decision fails, and tells the server why', async () => {
    decide = () => Promise.reject(new Error('database is gone'));
    const tree = await clone();
    await addCommit(tree, 'x');

    const result = await client(tree, ['push', 'origin', 'HEAD:main']);

    expect(result.exitCode).toBe(1);
    expect(result.text).toContain('could not check this push');
    expect(result.text).not.toContain('database');
    expect(await repository.listRefs()).toEqual(new Map());
    expect(faults).toMatchObject([{ code: 'FORGE_HOOK_FAILED' }]);
  });

  it('reads the pushed objects before they are taken in, and leaves none behind when it refuses', async () => {
    let seen: string | undefined;
    decide = async (push) => {
      const after = push.updates[0]?.after;
      const file = after === undefined ? undefined : await push.reader.readFile(after, 'file.txt');
      seen = Buffer.from(file ?? []).toString();
      return { kind: 'refused', refs: [], message: 'no \u001b[2J clearing' };
    };
    const tree = await clone();
    const commit = await addCommit(tree, 'quarantined\n');

    const result = await client(tree, ['push', 'origin', 'HEAD:main']);

    expect(seen).toBe('quarantined\n');
    expect(result.text).not.toContain('\u001b[2J');
    expect(await repository.resolve(commit)).toBeUndefined();
    const left = (await readdir(path.join(repository.gitDir, 'objects'))).filter((name) => name.includes('incoming'));
    expect(left).toEqual([]);
  });
});

describe('the hook', () => {
  async function pushBroken(breakIt: (hook: string) => Promise<void>): Promise<void> {
    const own = await startReceiveHooks({ stateDir: path.join(folder, `own${count}`), git, onFault: () => undefined });
    try {
      await proveProtection(own);
      await breakIt(path.join(own.hooksPath, 'pre-receive'));

      await expect(proveProtection(own)).rejects.toMatchObject({ code: 'GIT_REMOTE_FAILED' });
      const begun = own.begin({ repository: parseName('x'), account: 'x', gitDir: '/x', decide: byRules });
      await expect(begun).rejects.toMatchObject({ code: 'FORGE_HOOK_BROKEN' });
    } finally {
      await stop(own);
    }
  }

  it.each<readonly [string, (hook: string) => Promise<void>]>([
    ['is gone', (hook) => rm(hook)],
    ['is not executable', (hook) => chmod(hook, 0o600)],
    ['has other content', (hook) => writeFile(hook, '#!/bin/sh\nexit 0\n')],
    ['has a companion', (hook) => writeFile(path.join(path.dirname(hook), 'post-receive'), '#!/bin/sh\n')],
    [
      'is a link',
      async (hook) => {
        await rename(hook, path.join(folder, `moved-${count}`));
        await symlink(path.join(folder, `moved-${count}`), hook);
      },
    ],
  ])('stops every push when it %s', async (_, breakIt) => {
    await pushBroken(breakIt);
  });

  it('refuses when the server is gone', async () => {
    const own = await startReceiveHooks({ stateDir: path.join(folder, `gone${count}`), git, onFault: () => undefined });
    await stop(own);

    await expect(proveProtection(own)).rejects.toMatchObject({ code: 'FORGE_UNPROTECTED' });
  });

  it('answers nobody who does not know the secret of a push', async () => {
    const ticket = await hooks.begin({
      repository: parseName('x'),
      account: 'x',
      gitDir: repository.gitDir,
      decide: byRules,
    });
    const question = { updates: `${'0'.repeat(40)} ${'1'.repeat(40)} ${main}\n`, quarantine: '/x', pushOptions: [] };
    const ask = (line: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let answer = '';
        const socket = connect(ticket.environment['SLIPWAY_PUSH_SOCKET'] ?? '');
        socket.on('data', (chunk) => (answer += chunk.toString()));
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
        socket.write(`${line}\n`);
      });

    for (const line of ['nonsense', '{}', JSON.stringify({ ...question, secret: 'guess' })]) {
      expect(JSON.parse(await ask(line))).toMatchObject({ verdict: 'refused' });
    }
    const secret = ticket.environment['SLIPWAY_PUSH_SECRET'];
    expect(JSON.parse(await ask(JSON.stringify({ ...question, secret })))).toMatchObject({ verdict: 'refused' });
    expect(faults).toMatchObject([{ code: 'FORGE_HOOK_FAILED' }]);
    ticket.end();
  });
});

describe('bad input', () => {
  it('refuses a push over the limit with a clear text', async () => {
    const tree = await clone();
    const noise = Buffer.concat(
      Array.from({ length: 12_000 }, (_, index) => createHash('sha256').update(`n${index}`).digest()),
    );
    await addCommit(tree, noise);

    const result = await client(tree, ['push', 'origin', 'HEAD:main']);

    expect(result.exitCode).toBe(1);
    expect(result.text).toContain('pack exceeds maximum allowed size');
    expect(await repository.listRefs()).toEqual(new Map());
  });

  it('refuses a pack with a broken object', async () => {
    const tree = await clone();
    await addCommit(tree, 'x');
    const treeId = (await client(tree, ['rev-parse', 'HEAD^{tree}'])).stdout.toString().trim();
    const bytes = Buffer.from(`tree ${treeId}\nauthor nobody\ncommitter nobody\n\nbroken\n`);
    const whole = Buffer.concat([Buffer.from(`commit ${bytes.length}\0`), bytes]);
    const id = createHash('sha1').update(whole).digest('hex');
    await runProgram('mkdir', ['-p', path.join(tree, '.git/objects', id.slice(0, 2))]);
    await writeFile(path.join(tree, '.git/objects', id.slice(0, 2), id.slice(2)), deflateSync(whole));

    const result = await client(tree, ['push', 'origin', `${id}:refs/heads/broken`]);

    expect(result.exitCode).toBe(1);
    expect(result.text).toMatch(/missingSpaceBeforeEmail|missingEmail|fsck error/);
    expect(await repository.listRefs()).toEqual(new Map());
  });

  it('lets one of two rivals win, and tells the other', async () => {
    const { commit } = await firstPush();
    const trees = await Promise.all([clone(), clone(), clone()]);
    const ids = await Promise.all(trees.map((tree, index) => addCommit(tree, `rival ${index}\n`)));

    const results = await Promise.all(trees.map((tree) => client(tree, ['push', 'origin', 'HEAD:main'])));

    const winners = results.flatMap((result, index) => (result.exitCode === 0 ? [index] : []));
    expect(winners).toHaveLength(1);
    const after = ids[winners[0] ?? 0];
    expect(await repository.readRef(main)).toBe(after);
    expect(landed.slice(1)).toMatchObject([{ updates: [{ ref: main, before: commit, after }] }]);
  });

  it.each([
    ['/git/../etc/passwd', 404],
    ['/git/%2e%2e/x.git/info/refs?service=git-upload-pack', 404],
    ['/git/a%2Fb.git/info/refs?service=git-upload-pack', 404],
    ['/git/a/b.git/info/refs?service=git-upload-pack', 404],
    ['/git/-x.git/info/refs?service=git-upload-pack', 404],
    ['/git/R1.git/info/refs?service=git-upload-pack', 404],
    ['/git/r1.git/HEAD', 404],
    ['/git/r1.git/objects/info/packs', 404],
    ['/git/r1.git/config', 404],
    ['/git/r1.git/info/refs', 403],
    ['/git/r1.git/info/refs?service=git-upload-archive', 403],
    ['/git/r1.git/info/refs?service=git-upload-pack&x=1', 403],
    ['/git/r1.git/git-receive-pack', 405],
    ['/git/absent.git/info/refs?service=git-upload-pack', 404],
    ['/git', 404],
    ['/gitx/r1.git/info/refs?service=git-upload-pack', 418],
  ])('answers GET %s with %d', async (target, expected) => {
    expect(await status({ path: target, token: 'token-ada' })).toMatchObject({ status: expected });
  });

  it('refuses a body of another type, and takes nothing from one that is no gzip', async () => {
    const target = `/git/${repositoryName}.git/git-receive-pack`;
    const type = 'application/x-git-receive-pack-request';

    expect(await status({ path: target, token: 'token-ada', method: 'POST', body: '0000' })).toMatchObject({
      status: 415,
    });
    await status({ path: target, token: 'token-ada', method: 'POST', body: 'not packed', type, encoding: 'gzip' });
    expect(await repository.listRefs()).toEqual(new Map());
    expect(landed).toEqual([]);
  });

  it('ends Git when the client goes away', async () => {
    let hasStarted = (): void => undefined;
    const started = new Promise<void>((resolve) => (hasStarted = resolve));
    decide = () => {
      hasStarted();
      return new Promise(() => undefined);
    };
    const tree = await clone();
    await addCommit(tree, 'x');
    const pushing = spawn('git', ['-C', tree, 'push', '-q', 'origin', 'HEAD:main'], {
      detached: true,
      stdio: 'ignore',
    });
    await started;
    const left = new Promise((resolve) => pushing.on('close', resolve));
    // Its helper that speaks HTTP is in its group.
    process.kill(-(pushing.pid ?? Number.NaN), 'SIGKILL');
    await left;

    // The turn of the lost push is free again, and nothing of it is there.
    decide = byRules;
    const result = await client(tree, ['push', '-q', 'origin', 'HEAD:other']);
    expect(result.exitCode, result.text).toBe(0);
    expect([...(await repository.listRefs()).keys()]).toEqual(['refs/heads/other']);
  });
});

interface Ask {
  readonly path: string;
  readonly token?: string;
  readonly method?: string;
  readonly body?: string;
  readonly type?: string;
  readonly encoding?: string;
}

/** A request as it is written: nothing normalises the path. */
function status(ask: Ask): Promise<{ readonly status: number; readonly challenge: string | undefined }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = {};
    if (ask.token !== undefined) headers['Authorization'] = `Basic ${Buffer.from(`x:${ask.token}`).toString('base64')}`;
    if (ask.type !== undefined) headers['Content-Type'] = ask.type;
    if (ask.encoding !== undefined) headers['Content-Encoding'] = ask.encoding;
    const sent = httpRequest(
      { host: '127.0.0.1', port, path: ask.path, method: ask.method ?? 'GET', headers },
      (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode ?? 0, challenge: answer.headers['www-authenticate'] });
      },
    );
    sent.on('error', reject);
    sent.end(ask.body);
  });
}
