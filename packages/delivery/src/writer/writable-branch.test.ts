import { parseBranch } from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import type { GitRepository } from '@slipway/ports';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  configRepository,
  headOf,
  idsOn,
  main,
  mainRef,
  pin,
  pinEdit,
  pushForeign,
  textOn,
  writerOn,
} from '../../test-support/config-repository.ts';
import { startLoopbackForge, type LoopbackForge } from '../../test-support/loopback-forge.ts';
import { remoteBranch, type WritableBranch } from './writable-branch.ts';

const git = createGitHost();
const dev = 'overlays/dev';
let folder: string;
let forge: LoopbackForge;
let repository: GitRepository;
let name: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-remote-'));
  forge = await startLoopbackForge(git, folder);
});
afterAll(async () => {
  await forge.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  count += 1;
  name = `c${count}`;
  repository = await configRepository(git, path.join(folder, `${name}.git`), { [dev]: ['web', 'api'] });
  forge.decide(() => ({ kind: 'accepted' }));
});

async function branchOf(mirror = 'mirror', branch = main): Promise<WritableBranch> {
  return remoteBranch(await git.create(path.join(folder, `${name}-${mirror}.git`)), forge.remote(name), branch);
}

describe('a branch over HTTP', () => {
  it('gets many edits in one push', async () => {
    const writer = writerOn(await branchOf());
    const before = forge.pushes();

    await Promise.all(['a', 'b', 'c'].map((id, index) => writer.submit(pinEdit(id, dev, [pin('web', index + 1)]))));

    expect(await idsOn(repository)).toEqual(['a', 'b', 'c']);
    expect(forge.pushes() - before).toBe(1);
    expect(await textOn(repository, `${dev}/kustomization.yaml`)).toContain('newTag: "t3"');
  });

  it('keeps a commit that came between reading and pushing', async () => {
    const branch = await branchOf();
    let isFirst = true;
    const raced: WritableBranch = {
      ...branch,
      async land(next, expected, options) {
        if (isFirst) await pushForeign(repository, [['notes.md', 'theirs\n']]);
        isFirst = false;
        return branch.land(next, expected, options);
      },
    };

    const landed = await writerOn(raced).submit(pinEdit('mine', dev, [pin('web', 1)]));

    expect(await headOf(repository)).toBe(landed.commit);
    expect(await textOn(repository, 'notes.md')).toBe('theirs\n');
  });

  it('says so when the remote refuses, and moves nothing', async () => {
    const head = await headOf(repository);
    forge.decide(({ updates }) => ({
      kind: 'refused',
      refs: updates.map(({ ref }) => ({ ref, reason: 'frozen' })),
      message: 'no pushes today',
    }));

    const submitted = writerOn(await branchOf()).submit(pinEdit('one', dev, [pin('web', 1)]));

    await expect(submitted).rejects.toMatchObject({ code: 'CONFIG_PUSH_REFUSED' });
    expect(await headOf(repository)).toBe(head);
  });

  it('follows a branch that was rewritten, and never brings back what was dropped', async () => {
    const start = await headOf(repository);
    const writer = writerOn(await branchOf());
    const dropped = await writer.submit(pinEdit('dropped', dev, [pin('web', 1)]));
    await repository.updateRef(mainRef, start, dropped.commit);

    await writer.submit(pinEdit('next', dev, [pin('api', 2)]));

    expect(await idsOn(repository)).toEqual(['next']);
  });

  it('loses nothing between two mirrors', async () => {
    const writers = [writerOn(await branchOf('one')), writerOn(await branchOf('two'))];
    const ids = Array.from({ length: 8 }, (_, index) => `edit-${index}`);

    await Promise.all(
      ids.map(async (id, index) => writers[index % 2]?.submit(pinEdit(id, dev, [pin('web', index + 1)]))),
    );

    expect([...(await idsOn(repository))].sort()).toEqual(ids);
  });

  it('tells a missing branch from a remote that does not answer', async () => {
    const edit = pinEdit('one', dev, [pin('web', 1)]);
    const mirror = await git.create(path.join(folder, `${name}-dead.git`));
    const dead = remoteBranch(mirror, { url: 'http://127.0.0.1:9/nobody.git' }, main);

    const missing = writerOn(await branchOf('mirror', parseBranch('absent'))).submit(edit);
    const silent = writerOn(dead, { maxAttempts: 2 }).submit(edit);

    await Promise.all([
      expect(missing).rejects.toMatchObject({ code: 'CONFIG_BRANCH_MISSING' }),
      expect(silent).rejects.toMatchObject({ code: 'GIT_REMOTE_FAILED' }),
    ]);
  });
});
