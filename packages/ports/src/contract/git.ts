import { parseBranch } from '@slipway/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GitHost, GitRepository } from '../git.ts';
import { absent, commit, file, main } from './git-builders.ts';
import { historyCases } from './git-history.ts';
import { readCases, writeCases } from './git-objects.ts';

export interface GitUnderTest {
  readonly host: GitHost;
  /** An empty folder of this test alone. */
  readonly folder: string;
  close(): Promise<void>;
}

/** What every Git adapter does, on repositories of its own making. */
export function gitRepositoryContract(name: string, make: () => Promise<GitUnderTest>): void {
  describe(`${name}: repository`, () => {
    let under: GitUnderTest;
    let repository: GitRepository;
    let count = 0;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());
    beforeEach(async () => {
      count += 1;
      repository = await under.host.create(`${under.folder}/r${count}.git`);
    });
    const current = { repository: () => repository, another: () => under.host.create(`${under.folder}/o${count}.git`) };

    refCases(current.repository);
    writeCases(current.repository);
    readCases(current.repository);
    historyCases(current.repository);
    remoteCases(current);

    it('opens what exists, and refuses a folder that is none', async () => {
      await commit(repository, undefined, [file('a', 'a')]);

      const again = await under.host.open(repository.gitDir);

      expect(again.gitDir).toBe(repository.gitDir);
      await expect(under.host.open(`${under.folder}/absent.git`)).rejects.toMatchObject({
        code: 'GIT_REPOSITORY_MISSING',
      });
    });
  });
}

function refCases(current: () => GitRepository): void {
  it('is empty when made', async () => {
    expect(await current().listRefs()).toEqual(new Map());
    expect(await current().readRef(main)).toBeUndefined();
    expect(await current().resolve(absent)).toBeUndefined();
  });

  it('moves a ref only from where the caller saw it', async () => {
    const repository = current();
    const first = await commit(repository, undefined, [file('a', '1')]);
    const second = await commit(repository, first, [file('a', '2')]);

    expect(await repository.updateRef(main, first, undefined)).toBe(true);
    expect(await repository.updateRef(main, second, undefined)).toBe(false);
    expect(await repository.updateRef(main, first, second)).toBe(false);
    expect(await repository.updateRef(main, second, first)).toBe(true);
    expect(await repository.listRefs()).toEqual(new Map([[main, second]]));
    expect(await repository.updateRef(main, undefined, first)).toBe(false);
    expect(await repository.updateRef(main, undefined, second)).toBe(true);
    expect(await repository.readRef(main)).toBeUndefined();
    expect(await repository.updateRef(main, undefined, undefined)).toBe(true);
  });

  it('lets exactly one of many movers win', async () => {
    const repository = current();
    const start = await commit(repository, undefined, [file('a', '0')]);
    await repository.updateRef(main, start, undefined);
    const rivals = await Promise.all(
      ['1', '2', '3', '4', '5', '6'].map((text) => commit(repository, start, [file('a', text)])),
    );

    const moved = await Promise.all(rivals.map((rival) => repository.updateRef(main, rival, start)));

    expect(moved.filter(Boolean)).toHaveLength(1);
    expect(await repository.readRef(main)).toBe(rivals[moved.indexOf(true)]);
  });

  it('finds a ref by its exact name only', async () => {
    const repository = current();
    const id = await commit(repository, undefined, [file('a', 'a')]);
    await repository.updateRef('refs/heads/refs/heads/main', id, undefined);
    await repository.updateRef('refs/heads/main2/x', id, undefined);

    expect(await repository.readRef(main)).toBeUndefined();
    expect(await repository.resolve(main)).toBeUndefined();
    expect(await repository.readRef('refs/heads/main2')).toBeUndefined();
  });

  it.each([
    '--upload-pack=/bin/true',
    '-h',
    'main',
    'HEAD',
    'refs/heads/../x',
    'refs/heads/a b',
    'refs/heads/a\nb',
    `${main}^{tree}`,
  ])('refuses the revision %j', async (revision) => {
    await expect(current().resolve(revision)).rejects.toMatchObject({ code: 'GIT_REVISION_REFUSED' });
    await expect(current().readRef(revision)).rejects.toMatchObject({ code: 'GIT_REVISION_REFUSED' });
    await expect(current().updateRef(revision, undefined, undefined)).rejects.toMatchObject({
      code: 'GIT_REVISION_REFUSED',
    });
  });

  it('refuses to point a ref at an object that is not there', async () => {
    await expect(current().updateRef(main, absent, undefined)).rejects.toMatchObject({ code: 'GIT_OBJECT_MISSING' });
  });
}

function remoteCases(current: { repository(): GitRepository; another(): Promise<GitRepository> }): void {
  it('pushes, fetches and lists between repositories', async () => {
    const repository = current.repository();
    const other = await current.another();
    const remote = { url: other.gitDir };
    const branch = parseBranch('main');
    const first = await commit(repository, undefined, [file('a', '1')]);
    const second = await commit(repository, first, [file('a', '2')]);
    const rival = await commit(repository, first, [file('a', '3')]);

    expect(await repository.push(remote, second, branch)).toEqual({ kind: 'pushed' });
    expect(await repository.push(remote, second, branch)).toEqual({ kind: 'pushed' });
    expect(await repository.push(remote, rival, branch)).toMatchObject({ kind: 'rejected', isStale: true });
    expect(await other.listRefs()).toEqual(new Map([[main, second]]));
    expect(await repository.listRemote(remote)).toEqual(new Map([[main, second]]));

    const third = await commit(other, second, [file('b', '1')]);
    await other.updateRef(main, third, second);
    expect(await repository.push(remote, rival, branch)).toMatchObject({ kind: 'rejected', isStale: true });
    await repository.fetch(remote, ['+refs/heads/*:refs/remotes/other/*']);
    expect(await repository.readRef('refs/remotes/other/main')).toBe(third);
  });

  it.each([
    'ext::sh -c true',
    'file:///tmp',
    '--upload-pack=x',
    'ssh://h/x',
    'git@h:x',
    'http://u:p@127.0.0.1/x',
    'relative',
    '/a/../b',
    'http://h/a b',
    '',
  ])('refuses the remote %j', async (url) => {
    const repository = current.repository();

    await expect(repository.listRemote({ url })).rejects.toMatchObject({ code: 'GIT_URL_REFUSED' });
    await expect(repository.fetch({ url }, [`${main}:${main}`])).rejects.toMatchObject({ code: 'GIT_URL_REFUSED' });
  });

  it.each(['--all', 'main:main', main, `${main}:x`, `${main}:${main}:${main}`, ':refs/heads/x'])(
    'refuses the refspec %j',
    async (refspec) => {
      const repository = current.repository();

      await expect(repository.fetch({ url: repository.gitDir }, [refspec])).rejects.toMatchObject({
        code: 'GIT_REVISION_REFUSED',
      });
    },
  );
}
