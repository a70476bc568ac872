import { parseCommitId } from '@slipway/domain';
import { expect, it } from 'vitest';
import type { GitRepository } from '../git.ts';
import { absent, ada, at, commit, file, plan, robot } from './git-builders.ts';

/** Writing objects: chains, trees, modes, and what must not be written. */
export function writeCases(current: () => GitRepository): void {
  it('writes a chain in order, each commit on the one before', async () => {
    const repository = current();
    const root = await commit(repository, undefined, [file('apps/web/k.yaml', 'tag: 1\n'), file('keep', 'x')]);

    const chain = await repository.commitChain(root, [
      plan([file('apps/web/k.yaml', 'tag: 2\n')], 'one\n\nSlipway-Run: 7\n'),
      plan([{ path: 'keep', content: undefined }, file('new/file', '')], 'two\n'),
    ]);

    const [one, two] = await Promise.all(chain.map((id) => repository.readCommit(id)));
    expect(one).toMatchObject({
      parents: [root],
      message: 'one\n\nSlipway-Run: 7\n',
      trailers: [['Slipway-Run', '7']],
    });
    expect(one?.author).toEqual({ ...ada, at });
    expect(one?.committer).toEqual({ ...robot, at });
    expect(two).toMatchObject({ parents: [chain[0]], message: 'two\n', trailers: [] });
    const paths = await repository.readTree(parseCommitId(chain[1] ?? ''));
    expect(paths.map((entry) => entry.path)).toEqual(['apps/web/k.yaml', 'new/file']);
    expect(await repository.listRefs()).toEqual(new Map());
  });

  it('gives the same ids when it writes the same again, whichever way', async () => {
    const repository = current();
    const [first] = await repository.commitChain(undefined, [plan([file('a', 'a')], 'ü: say "hi"\n\nline  \n')]);
    const [again] = await repository.commitChain(undefined, [plan([file('a', 'a')], 'ü: say "hi"\n\nline  \n')]);
    const tree = await repository.writeTree(undefined, [file('a', 'a')]);
    const alone = await repository.commitTree({
      tree,
      parents: [],
      author: ada,
      committer: robot,
      message: 'ü: say "hi"\n\nline  \n',
      at,
    });

    expect(again).toBe(first);
    expect(alone).toBe(first);
  });

  it('writes a tree over a commit or a tree', async () => {
    const repository = current();
    const base = await commit(repository, undefined, [file('a', '1'), file('b/c', '2')]);
    const { tree } = await repository.readCommit(base);

    const onCommit = await repository.writeTree(base, [file('a', '3')]);
    const onTree = await repository.writeTree(tree, [file('a', '3')]);

    expect(onTree).toBe(onCommit);
    expect((await repository.readTree(onTree)).map((entry) => entry.path)).toEqual(['a', 'b/c']);
    expect(await repository.writeTree(base, [])).toBe(tree);
  });

  it('keeps a file executable unless told otherwise', async () => {
    const repository = current();
    const base = await commit(repository, undefined, [file('bin/run', '1', '100755'), file('plain', '1')]);

    const next = await commit(repository, base, [file('bin/run', '2'), file('plain', '2', '100755')]);

    const modes = (await repository.readTree(next)).map((entry) => [entry.path, entry.mode]);
    expect(modes).toEqual([
      ['bin/run', '100755'],
      ['plain', '100755'],
    ]);
  });

  it.each([
    '../x',
    '/x',
    'a//b',
    'a/',
    './a',
    '.git/config',
    'a/.GIT/hooks/x',
    'git~1',
    '.git\u200c/x',
    'a\nb',
    'a\0b',
    '',
  ])('refuses to write the path %j', async (path) => {
    const written = current().commitChain(undefined, [plan([file(path, 'x')])]);

    await expect(written).rejects.toMatchObject({ code: 'GIT_PATH_REFUSED' });
  });

  it('keeps a hostile author or message from forging headers', async () => {
    const repository = current();
    const author = { name: 'Eve <x>\nparent 0', email: 'e@x>\ncommitter z' };
    const [id] = await repository.commitChain(undefined, [
      { ...plan([file('a', 'a')], 'm\n\nfrom :1\ndone\n'), author },
    ]);

    const read = await repository.readCommit(parseCommitId(id ?? ''));

    expect(read).toMatchObject({ parents: [], committer: robot, message: 'm\n\nfrom :1\ndone\n' });
    expect(read.author.name).toBe('Eve xparent 0');
    await expect(repository.commitChain(undefined, [plan([], 'a\0b')])).rejects.toMatchObject({
      code: 'GIT_INPUT_REFUSED',
    });
  });

  it('refuses a parent or a tree that is not there', async () => {
    const repository = current();
    const commitOn = { parents: [], author: ada, committer: robot, message: 'm\n', at };

    await expect(repository.commitChain(absent, [plan([])])).rejects.toMatchObject({ code: 'GIT_OBJECT_MISSING' });
    await expect(repository.commitTree({ ...commitOn, tree: absent })).rejects.toMatchObject({
      code: 'GIT_OBJECT_MISSING',
    });
  });
}

/** Reading objects: bytes, listings, bounds. */
export function readCases(current: () => GitRepository): void {
  it('reads the bytes that were written', async () => {
    const repository = current();
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
    const id = await commit(repository, undefined, [
      { path: 'data.bin', content: bytes },
      file('crlf.txt', 'a\r\nb\r\n'),
      file('größe/日本 "x" \\ y.txt', 'ünï'),
      file('empty', ''),
    ]);

    expect(Buffer.from((await repository.readFile(id, 'data.bin')) ?? []).equals(bytes)).toBe(true);
    expect(Buffer.from((await repository.readFile(id, 'crlf.txt')) ?? []).toString()).toBe('a\r\nb\r\n');
    expect(Buffer.from((await repository.readFile(id, 'größe/日本 "x" \\ y.txt')) ?? []).toString()).toBe('ünï');
    expect(await repository.readFile(id, 'empty')).toHaveLength(0);
    expect(await repository.readFile(id, 'absent')).toBeUndefined();
    expect(await repository.readFile(id, 'größe')).toBeUndefined();
    expect(await repository.readFile(id, 'empty/deeper')).toBeUndefined();
    const entries = await repository.readTree(id);
    const blobs = await repository.readBlobs(entries.map((entry) => entry.id));
    expect(blobs.map((blob) => blob.length)).toEqual([6, 70_000, 0, 5]);
    await expect(repository.readBlobs([absent])).rejects.toMatchObject({ code: 'GIT_OBJECT_MISSING' });
    await expect(repository.readFile(id, 'data.bin', { maxBytes: 69_999 })).rejects.toMatchObject({
      code: 'GIT_FILE_TOO_LARGE',
    });
  });

  it('lists below a path, whole or one level', async () => {
    const repository = current();
    const id = await commit(repository, undefined, [file('a/b/c', '1'), file('a/d', '2'), file('e', '3')]);
    const names = async (options: Parameters<GitRepository['readTree']>[1]): Promise<readonly string[]> =>
      (await repository.readTree(id, options)).map((entry) => entry.path);

    expect(await names({})).toEqual(['a/b/c', 'a/d', 'e']);
    expect(await names({ path: 'a' })).toEqual(['a/b/c', 'a/d']);
    expect(await names({ recursive: false })).toEqual(['a', 'e']);
    expect(await names({ path: 'a', recursive: false })).toEqual(['a/b', 'a/d']);
    expect(await names({ path: 'absent' })).toEqual([]);
    expect(await names({ path: 'e' })).toEqual([]);
    await expect(names({ path: '../x' })).rejects.toMatchObject({ code: 'GIT_PATH_REFUSED' });
    await expect(repository.readTree(absent)).rejects.toMatchObject({ code: 'GIT_OBJECT_MISSING' });
  });

  it('stops at once when the caller gave up', async () => {
    const repository = current();
    const id = await commit(repository, undefined, [file('a', 'a')]);
    const signal = AbortSignal.abort();

    await expect(repository.readFile(id, 'a', { signal })).rejects.toThrow();
    await expect(repository.listRefs({ signal })).rejects.toThrow();
    expect(await repository.readFile(id, 'a')).toHaveLength(1);
  });
}
