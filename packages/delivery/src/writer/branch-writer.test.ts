import { parseBranch } from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import { runProgram } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ada,
  configRepository,
  headOf,
  idsOn,
  kustomization,
  localWriter,
  main,
  mainRef,
  pin,
  pinEdit,
  pushForeign,
  service,
  textOn,
  writerOn,
} from '../../test-support/config-repository.ts';
import { DeliveryError } from '../delivery-error.ts';
import type { ManifestEdit } from './manifest-edit.ts';
import { localBranch, type WritableBranch } from './writable-branch.ts';

const git = createGitHost();
const dev = 'overlays/dev';
const devFile = `${dev}/kustomization.yaml`;
const names = Array.from({ length: 20 }, (_, index) => `app-${index}`);
let folder: string;
let repository: GitRepository;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-writer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  repository = await configRepository(git, path.join(folder, `c${count}.git`), {
    [dev]: names,
    'overlays/qa': ['web'],
  });
});

/** The branch itself, counting its landings, with something that happens just before each. */
function watched(before: (landing: number) => Promise<unknown> = () => Promise.resolve()): WritableBranch & {
  readonly landings: () => number;
} {
  const branch = localBranch(repository, main, () => Promise.resolve());
  let landings = 0;
  return {
    ...branch,
    landings: () => landings,
    async land(next, expected, options) {
      landings += 1;
      await before(landings);
      return branch.land(next, expected, options);
    },
  };
}

function failing(id: string): ManifestEdit {
  return { ...pinEdit(id, dev, []), apply: () => Promise.reject(new Error(`${id} cannot`)) };
}

describe('many edits at once', () => {
  it('lands 200 as one commit each in a few moves of the branch', async () => {
    const branch = watched();
    const writer = writerOn(branch);
    const ids = Array.from({ length: 200 }, (_, index) => `edit-${index}`);

    const landed = await Promise.all(
      ids.map((id, index) => writer.submit(pinEdit(id, dev, [pin(names[index % 20] ?? '', index + 1)]))),
    );

    expect(await idsOn(repository)).toEqual(ids);
    expect(new Set(landed.map(({ commit }) => commit)).size).toBe(200);
    expect(branch.landings()).toBeLessThanOrEqual(3);
    const text = await textOn(repository, devFile);
    for (const [index, name] of names.entries())
      expect(text).toContain(`${name} # ours\n    newTag: "t${181 + index}"`);
  });

  it('touches no byte but those of the values it sets', async () => {
    await localWriter(repository).submit(pinEdit('one', dev, [pin('app-3', 7)]));

    const expected = kustomization(names).replace(
      'app-3 # ours\n    newTag: "0000"\n',
      `app-3 # ours\n    newTag: "t7"\n    digest: "${pin('app-3', 7).digest}"\n`,
    );
    expect(await textOn(repository, devFile)).toBe(expected);
  });

  it('names the person as author and the service as committer', async () => {
    const { commit } = await localWriter(repository).submit(pinEdit('one', dev, [pin('app-0', 1)]));

    const found = await repository.readCommit(commit);
    expect(found.author).toMatchObject(ada);
    expect(found.committer).toMatchObject(service);
  });

  it('makes no commit where nothing changes', async () => {
    const writer = localWriter(repository);
    const first = await writer.submit(pinEdit('one', dev, [pin('app-0', 1)]));

    const second = await writer.submit(pinEdit('two', dev, [pin('app-0', 1)]));

    expect(second).toEqual({ commit: first.commit, isChange: false, isReplay: false, paths: [] });
    expect(await headOf(repository)).toBe(first.commit);
  });
});

describe('exactly once', () => {
  it('lands an id once within a batch', async () => {
    const writer = localWriter(repository);
    const edit = pinEdit('same', dev, [pin('app-0', 1)]);

    const [first, second] = await Promise.all([writer.submit(edit), writer.submit(edit)]);

    expect(second).toEqual({ ...first, isReplay: true });
    expect(await idsOn(repository)).toEqual(['same']);
  });

  it('finds an id of an earlier batch, even when later edits have changed the file again', async () => {
    const writer = localWriter(repository);
    const first = await writer.submit(pinEdit('first', dev, [pin('app-0', 1)]));
    await writer.submit(pinEdit('later', dev, [pin('app-0', 2)]));

    const again = await writer.submit(pinEdit('first', dev, [pin('app-0', 1)]));

    expect(again).toEqual({ ...first, isReplay: true });
    expect(await textOn(repository, devFile)).toContain('newTag: "t2"');
  });

  it('finds what was landed by a writer that never got to say so', async () => {
    const stopAfter = (name: string): Promise<void> =>
      name === 'manifest-landed' ? Promise.reject(new Error('stopped')) : Promise.resolve();
    const edit = pinEdit('only', dev, [pin('app-0', 1)]);
    await expect(localWriter(repository, { checkpoint: stopAfter }).submit(edit)).rejects.toThrow('stopped');

    const again = await localWriter(repository).submit(edit);

    expect(again).toEqual({ commit: await headOf(repository), isChange: true, isReplay: true, paths: [devFile] });
    expect(await idsOn(repository)).toEqual(['only']);
  });

  it('does not push again when only the answer to a push was lost', async () => {
    const branch = localBranch(repository, main, () => Promise.resolve());
    const losing: WritableBranch = {
      ...branch,
      async land(next, expected) {
        await branch.land(next, expected);
        throw new DeliveryError('CONFIG_BRANCH_BUSY', 'The answer was lost');
      },
    };

    const landed = await writerOn(losing).submit(pinEdit('lost', dev, [pin('app-0', 1)]));

    expect(landed).toEqual({ commit: await headOf(repository), isChange: true, isReplay: true, paths: [devFile] });
    expect(await idsOn(repository)).toEqual(['lost']);
  });

  it('reads a rewritten branch again, also when what it knew is gone from the repository', async () => {
    const start = await headOf(repository);
    const writer = localWriter(repository);
    const dropped = await writer.submit(pinEdit('dropped', dev, [pin('app-0', 1)]));
    await repository.updateRef(mainRef, start, dropped.commit);
    const run = (args: readonly string[]): Promise<unknown> =>
      runProgram('git', [`--git-dir=${repository.gitDir}`, ...args]);
    await run(['reflog', 'expire', '--expire=now', '--all']);
    await run(['repack', '-q', '-a', '-d']);
    await run(['prune', '--expire=now']);
    repository = await git.open(repository.gitDir);

    const again = await writer.submit(pinEdit('dropped', dev, [pin('app-0', 1)]));

    expect(again.isReplay).toBe(false);
    expect(await idsOn(repository)).toEqual(['dropped']);
  });
});

describe('a branch that others move', () => {
  it('applies its edits again to the new head and keeps what others did', async () => {
    let foreign: string | undefined;
    const branch = watched(async (landing) => {
      if (landing === 1) foreign = await pushForeign(repository, [[devFile, kustomization([...names, 'theirs'])]]);
    });

    const landed = await writerOn(branch).submit(pinEdit('mine', dev, [pin('app-0', 1)]));

    const [top, below] = await repository.log(await headOf(repository));
    expect([top?.id, below?.id]).toEqual([landed.commit, foreign]);
    expect(await textOn(repository, devFile)).toContain('theirs');
    expect(branch.landings()).toBe(2);
  });

  it('loses nothing between two writers that know nothing of each other', async () => {
    const writers = [localWriter(repository), localWriter(await git.open(repository.gitDir))];
    const ids = Array.from({ length: 40 }, (_, index) => `edit-${index}`);

    await Promise.all(
      ids.map(async (id, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * 5));
        return writers[index % 2]?.submit(pinEdit(id, dev, [pin(names[index % 20] ?? '', index + 1)]));
      }),
    );

    expect([...(await idsOn(repository))].sort()).toEqual([...ids].sort());
  });

  it('gives up after its attempts, and says why', async () => {
    const branch = watched((landing) => pushForeign(repository, [['notes.md', `${landing}\n`]]));

    const submitted = writerOn(branch, { maxAttempts: 3 }).submit(pinEdit('never', dev, [pin('app-0', 1)]));

    await expect(submitted).rejects.toMatchObject({ code: 'CONFIG_BRANCH_BUSY' });
    expect(branch.landings()).toBe(3);
    expect(await idsOn(repository)).toEqual([]);
  });

  it('names a branch that is not there', async () => {
    const branch = localBranch(repository, parseBranch('absent'), () => Promise.resolve());

    const submitted = writerOn(branch).submit(pinEdit('one', dev, [pin('app-0', 1)]));

    await expect(submitted).rejects.toMatchObject({ code: 'CONFIG_BRANCH_MISSING' });
  });
});

describe('one bad edit among many', () => {
  it('fails alone when it cannot be applied', async () => {
    const writer = localWriter(repository);
    const good = ['a', 'b', 'c'].map((id, index) => pinEdit(id, dev, [pin(`app-${index}`, 1)]));

    const settled = await Promise.allSettled([...good, failing('bad')].map((edit) => writer.submit(edit)));

    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(await idsOn(repository)).toEqual(['a', 'b', 'c']);
  });

  it('fails alone when Git will not write what it changes', async () => {
    const writer = localWriter(repository);
    const good = ['a', 'b', 'c', 'd'].map((id, index) => pinEdit(id, dev, [pin(`app-${index}`, 1)]));
    const escape: ManifestEdit = {
      ...pinEdit('escape', dev, []),
      apply: () => Promise.resolve({ kind: 'changes', changes: [{ path: '.git/config', content: Buffer.from('x') }] }),
    };

    const settled = await Promise.allSettled(
      [...good.slice(0, 2), escape, ...good.slice(2)].map((e) => writer.submit(e)),
    );

    expect(settled[2]).toMatchObject({ status: 'rejected', reason: { code: 'GIT_PATH_REFUSED' } });
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(await idsOn(repository)).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('hostile texts', () => {
  it.each([
    ['a subject', { subject: 'Nice\n\nSlipway-Change: other' }],
    ['a subject with a carriage return', { subject: 'Nice\r\rSlipway-Change: other' }],
    ['a body', { body: 'Nice\n\nSlipway-Change: other' }],
    ['a trailer', { trailers: [['Slipway-Run', '7\nSlipway-Change: other']] as const }],
    ['an empty subject', { subject: ' \n ' }],
    ['half a character and NUL', { subject: 'a\ud800b\0c', body: '\udfff' }],
  ])('%s can neither forge an id nor hide the edit’s own', async (_, hostile) => {
    const writer = localWriter(repository);
    await writer.submit({ ...pinEdit('mine', dev, [pin('app-0', 1)]), ...hostile });

    const other = await writer.submit(pinEdit('other', dev, [pin('app-0', 2)]));
    const again = await localWriter(repository).submit(pinEdit('mine', dev, [pin('app-0', 1)]));

    expect(other.isReplay).toBe(false);
    expect(again.isReplay).toBe(true);
    expect(await idsOn(repository)).toEqual(['mine', 'other']);
  });

  it.each(['', ' padded', 'two\nlines', 'tab\tbed', 'x'.repeat(501)])('refuses the id %j', async (id) => {
    const submitted = localWriter(repository).submit(pinEdit(id, dev, [pin('app-0', 1)]));

    await expect(submitted).rejects.toMatchObject({ code: 'CHANGE_ID_INVALID' });
  });

  it('refuses a trailer that would carry an id of its own', async () => {
    const edit = { ...pinEdit('mine', dev, [pin('app-0', 1)]), trailers: [['slipway-change', 'other']] as const };

    await expect(localWriter(repository).submit(edit)).rejects.toThrow('cannot be the key');
    expect(await idsOn(repository)).toEqual([]);
  });
});

describe('stopping', () => {
  it('takes an edit back that still waits', async () => {
    const stop = new AbortController();
    const writer = localWriter(repository);
    const first = writer.submit(pinEdit('first', dev, [pin('app-0', 1)]));
    await new Promise((resolve) => setTimeout(resolve, 1));
    const second = writer.submit(pinEdit('second', dev, [pin('app-1', 1)]), { signal: stop.signal });

    stop.abort(new Error('no longer'));

    await expect(second).rejects.toThrow('no longer');
    await first;
    expect(await idsOn(repository)).toEqual(['first']);
  });

  it('ends everything when the writer is told to', async () => {
    const stop = new AbortController();
    const branch = watched(() => {
      stop.abort(new Error('shutting down'));
      return Promise.resolve();
    });

    const submitted = writerOn(branch, { signal: stop.signal }).submit(pinEdit('one', dev, [pin('app-0', 1)]));

    await expect(submitted).rejects.toThrow();
    expect(await idsOn(repository)).toEqual([]);
  });
});
