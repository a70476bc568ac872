import { parseBranch, parseCommitId, type CommitId } from '@slipway/domain';
import { runProgram } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import {
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  readdir,
  rm,
  utimes,
  writeFile,
  chmod,
  chown,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGitHost } from './index.ts';

const git = createGitHost();
const ada = { name: 'Ada', email: 'ada@example.org' };
const at = '2026-02-03T04:05:06Z';
let folder: string;
let count = 0;
let repository: GitRepository;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-git-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  repository = await git.create(path.join(folder, `r${count}.git`));
});

async function write(parent: CommitId | undefined, files: Readonly<Record<string, string>>): Promise<CommitId> {
  const changes = Object.entries(files).map(([name, text]) => ({ path: name, content: Buffer.from(text) }));
  const [id] = await repository.commitChain(parent, [{ changes, author: ada, committer: ada, message: 'm\n', at }]);
  if (id === undefined) throw new Error('no commit');
  return id;
}

async function plumb(args: readonly string[], input?: string): Promise<string> {
  const options = input === undefined ? {} : { input };
  return (await runProgram('git', [`--git-dir=${repository.gitDir}`, ...args], options)).stdout.toString().trim();
}

async function unpack(commit: CommitId, name?: string): Promise<string> {
  const target = path.join(folder, `tree${count}`);
  const file = `${target}.tar`;
  await mkdir(target, { recursive: true });
  await pipeline(repository.archive(commit, name === undefined ? {} : { path: name }), createWriteStream(file));
  await runProgram('tar', ['-xf', file, '-C', target]);
  return target;
}

describe('archive', () => {
  it('gives the tree as it is, whatever its attributes ask for', async () => {
    const hostile =
      '* export-subst\nsecret export-ignore\n*.txt text eol=crlf\n*.u working-tree-encoding=UTF-16\n*.id ident\n*.f filter=x\n';
    const files = {
      '.gitattributes': hostile,
      'sub/.gitattributes': '* export-ignore\n',
      'sub/deep.txt': 'deep\n',
      secret: 'kept $Format:%H$\n',
      'lines.txt': 'a\nb\n',
      'wide.u': 'wide\n',
      'x.id': '$Id$\n',
      'x.f': 'f\n',
    };
    const commit = await write(undefined, files);

    const target = await unpack(commit);

    for (const [name, text] of Object.entries(files)) {
      expect(await readFile(path.join(target, name), 'utf8'), name).toBe(text);
    }
    await rm(target, { recursive: true });
    expect(await readdir(await unpack(commit, 'sub'), { recursive: true })).toEqual([
      'sub',
      'sub/.gitattributes',
      'sub/deep.txt',
    ]);
  });

  it('keeps links as links, modes, and submodules as empty folders', async () => {
    const blob = await plumb(['hash-object', '-w', '--stdin'], '../../etc/passwd');
    const lines = [`120000 blob ${blob}\tlink`, `100755 blob ${blob}\trun`, `160000 commit ${'1'.repeat(40)}\tmodule`];
    const tree = parseCommitId(await plumb(['mktree', '--missing'], `${lines.join('\n')}\n`));
    const commit = await repository.commitTree({ tree, parents: [], author: ada, committer: ada, message: 'm\n', at });

    const target = await unpack(commit);

    expect(await readlink(path.join(target, 'link'))).toBe('../../etc/passwd');
    expect((await lstat(path.join(target, 'run'))).mode & 0o777).toBe(0o755);
    expect(await readdir(path.join(target, 'module'))).toEqual([]);
    expect(await repository.readFile(commit, 'link')).toBeUndefined();
    expect(await repository.readFile(commit, 'module')).toBeUndefined();
    expect((await repository.readTree(commit)).map((entry) => entry.mode)).toEqual(['120000', '160000', '100755']);
  });

  it('gives the same bytes when asked again, small and large, whole and in part, and not to who has given up', async () => {
    const large = await write(undefined, { a: 'a'.repeat(2_000_000), 'sub/b': 'b\n' });
    const small = await write(large, { a: 'a\n' });
    const bytesOf = async (commit: CommitId, options?: { readonly path: string }): Promise<Buffer> =>
      Buffer.concat(await repository.archive(commit, options).toArray());

    for (const commit of [large, small]) {
      const first = await bytesOf(commit);
      expect((await bytesOf(commit)).equals(first)).toBe(true);
      expect((await bytesOf(commit, { path: 'sub' })).equals(first)).toBe(false);
    }
    await expect(repository.archive(small, { signal: AbortSignal.abort() }).toArray()).rejects.toThrow();
    expect(await repository.readTree(small)).toEqual(await repository.readTree(small));
    expect((await repository.readTree(small, { path: 'sub' })).map((entry) => entry.path)).toEqual(['sub/b']);
  });

  it('fails as a stream when there is no such tree, and when the caller gives up', async () => {
    const absent = parseCommitId('1'.repeat(40));

    await expect(repository.archive(absent).toArray()).rejects.toMatchObject({ code: 'GIT_COMMAND_FAILED' });
    const commit = await write(undefined, { a: 'a' });
    await expect(repository.archive(commit, { signal: AbortSignal.abort() }).toArray()).rejects.toThrow();
  });
});

describe('reading', () => {
  it('refuses names that are not UTF-8, which would read as each other', async () => {
    const blob = await plumb(['hash-object', '-w', '--stdin'], 'x');
    const raw = Buffer.concat([Buffer.from('100644 \xff\0', 'latin1'), Buffer.from(blob, 'hex')]);
    const file = path.join(folder, `tree-object-${count}`);
    await writeFile(file, raw);
    const tree = parseCommitId(await plumb(['hash-object', '-w', '-t', 'tree', '--literally', file]));

    await expect(repository.readTree(tree)).rejects.toMatchObject({ code: 'GIT_PATH_REFUSED' });
    await expect(repository.readTree(tree, { recursive: false })).rejects.toMatchObject({ code: 'GIT_PATH_REFUSED' });
  });

  it('peels tags, also tags of tags, and leaves out what leads to no commit', async () => {
    const commit = await write(undefined, { a: 'a' });
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
    await plumb([...who, 'tag', '-a', '-m', 'one', 'one', commit]);
    await plumb([...who, 'tag', '-a', '-m', 'two', 'two', 'refs/tags/one']);
    await plumb(['tag', 'tree', `${commit}^{tree}`]);
    const tag = parseCommitId(await plumb(['rev-parse', 'refs/tags/two']));

    expect(await repository.listRefs()).toEqual(
      new Map([
        ['refs/tags/one', commit],
        ['refs/tags/two', commit],
      ]),
    );
    expect(await repository.resolve(tag)).toBe(commit);
    const remote = await repository.listRemote({ url: repository.gitDir });
    expect([remote.get('refs/tags/one'), remote.get('refs/tags/two')]).toEqual([commit, commit]);
  });

  it('is not fooled by replace refs', async () => {
    const commit = await write(undefined, { a: 'true' });
    const other = await write(undefined, { a: 'false' });
    await plumb(['replace', commit, other]);

    expect(Buffer.from((await repository.readFile(commit, 'a')) ?? []).toString()).toBe('true');
  });

  it('answers hundreds of questions at once by one process', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`d${index % 7}/f${index}`, `${index}`.repeat(index)]),
    );
    const commit = await write(undefined, files);

    const read = await Promise.all(Object.keys(files).map((name) => repository.readFile(commit, name)));

    expect(read.map((content) => Buffer.from(content ?? []).toString())).toEqual(Object.values(files));
  });

  it('agrees with Git on trailers', async () => {
    const bodies = [
      'title\n\nA: 1\nB-c:  two words \n',
      'title\n\ntext\n\nA: 1\n  more\nA: 2\n',
      'A: 1\n',
      'title\n\ntext A: 1\nnot a trailer\n',
      'title\n\nsome text\nSigned-off-by: x <y>\nA: 1\n',
      'title\n\nA: 1\n\n\n',
      'title\n\nA: 1\n\ntext\n',
      'title\n\nhttps://example.org: x\n',
      'title\n\n# note\nA: 1\n',
      'title\n\n\tindented\nA: 1\n',
      'title',
      '',
    ];
    for (const message of bodies) {
      const tree = await repository.writeTree(undefined, []);
      const id = await repository.commitTree({ tree, parents: [], author: ada, committer: ada, message, at });
      const expected = await plumb(['log', '-1', '--format=%(trailers:only,unfold)', id]);

      const { trailers } = await repository.readCommit(id);

      expect(trailers.map(([key, value]) => `${key}: ${value}`).join('\n'), JSON.stringify(message)).toBe(expected);
    }
  });
});

describe('writing', () => {
  it('writes a thousand commits in one go, sound by Git’s own check', async () => {
    const plans = Array.from({ length: 1000 }, (_, index) => ({
      changes: [{ path: `apps/a${index % 200}/k.yaml`, content: Buffer.from(`tag: ${index}\n`) }],
      author: ada,
      committer: ada,
      message: `change ${index}\n`,
      at,
    }));

    const ids = await repository.commitChain(undefined, plans);

    expect(new Set(ids).size).toBe(1000);
    const head = ids.at(-1);
    if (head === undefined) throw new Error('no commit');
    expect(await repository.updateRef('refs/heads/main', head, undefined)).toBe(true);
    expect(await repository.log(head, { limit: 2000 })).toHaveLength(1000);
    expect(await plumb(['fsck', '--full', '--strict'])).toBe('');
    expect(await plumb(['for-each-ref', '--format=%(refname)'])).toBe('refs/heads/main');
  });

  it('turns a file into a folder and back', async () => {
    const first = await write(undefined, { a: 'file' });
    const second = await write(first, { 'a/b': 'inside' });
    const third = await write(second, { a: 'file' });

    expect((await repository.readTree(second)).map((entry) => entry.path)).toEqual(['a/b']);
    expect((await repository.readTree(third)).map((entry) => entry.path)).toEqual(['a']);
  });
});

describe('remotes', () => {
  it('sends a credential to its server, in no argument and no message', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(403).end();
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const remote = { url: `http://127.0.0.1:${port}/x.git`, credential: { username: 'u', password: 'geheim' } };

    const error = await repository.listRemote(remote).catch((caught: unknown) => caught);
    await new Promise((resolve) => server.close(resolve));

    expect(seen).toEqual([`Basic ${Buffer.from('u:geheim').toString('base64')}`]);
    expect(error).toMatchObject({ code: 'GIT_REMOTE_FAILED' });
    expect(String(error)).not.toContain('geheim');
  });

  it('tells a refusal by a hook from a branch that moved', async () => {
    const other = await git.create(path.join(folder, `hooked${count}.git`));
    await mkdir(path.join(other.gitDir, 'hooks'), { recursive: true });
    await writeFile(path.join(other.gitDir, 'hooks/pre-receive'), '#!/bin/sh\necho not today >&2\nexit 1\n');
    await chmod(path.join(other.gitDir, 'hooks/pre-receive'), 0o755);
    const commit = await write(undefined, { a: 'a' });

    const result = await repository.push({ url: other.gitDir }, commit, parseBranch('main'));

    expect(result).toEqual({ kind: 'rejected', isStale: false, reason: 'pre-receive hook declined\nnot today' });
  });

  it('fetches a part of a history', async () => {
    const first = await write(undefined, { a: '1' });
    const second = await write(first, { a: '2' });
    await repository.updateRef('refs/heads/main', second, undefined);
    const other = await git.create(path.join(folder, `shallow${count}.git`));

    await other.fetch({ url: repository.gitDir }, [`${second}:refs/heads/copy`], { depth: 1 });

    expect(await other.readRef('refs/heads/copy')).toBe(second);
    expect(await other.resolve(first)).toBeUndefined();
  });
});

describe('createGitHost', () => {
  it('makes a repository once when many ask, and sweeps drafts of the dead', async () => {
    const gitDir = path.join(folder, `many${count}.git`);
    const draft = path.join(folder, `.many${count}.git.draft-dead`);
    await mkdir(draft);
    await utimes(draft, 0, 0);

    await Promise.all([git.create(gitDir), git.create(gitDir), git.create(gitDir)]);

    const names = (await readdir(folder)).filter((name) => name.includes(`many${count}.git`));
    expect(names).toEqual([`many${count}.git`]);
    expect(await readFile(path.join(gitDir, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
  });

  it('refuses a folder that is not absolute, and a quarantine elsewhere', async () => {
    await expect(git.open('relative')).rejects.toMatchObject({ code: 'GIT_INPUT_REFUSED' });
    await expect(git.open(repository.gitDir, { quarantine: '/tmp' })).rejects.toMatchObject({
      code: 'GIT_INPUT_REFUSED',
    });
  });

  it('says what is missing when there is no Git', async () => {
    const none = await createGitHost({ gitProgram: '/nonexistent/git' }).open(repository.gitDir);

    await expect(none.listRefs()).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
    await expect(none.resolve('1'.repeat(40))).rejects.toMatchObject({ code: 'GIT_COMMAND_FAILED' });
  });

  it.runIf(process.getuid?.() === 0)('works as the owner of a repository, never as root on another’s', async () => {
    const commit = await write(undefined, { a: 'a' });
    await chmod(folder, 0o755);
    for (const name of await readdir(repository.gitDir, { recursive: true }))
      await chown(path.join(repository.gitDir, name), 65_534, 65_534);
    await chown(repository.gitDir, 65_534, 65_534);

    const again = await git.open(repository.gitDir);
    await again.updateRef('refs/heads/main', commit, undefined);

    expect((await lstat(path.join(repository.gitDir, 'refs/heads/main'))).uid).toBe(65_534);
    expect(await again.readFile(commit, 'a')).toHaveLength(1);
  });
});
