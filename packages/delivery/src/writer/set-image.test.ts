import { createGitHost } from '@slipway/git';
import { runProgram } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ada,
  at,
  configRepository,
  headOf,
  idsOn,
  main,
  pin,
  pushForeign,
  service,
  textOn,
} from '../../test-support/config-repository.ts';
import { startLoopbackForge, type LoopbackForge } from '../../test-support/loopback-forge.ts';
import { buildPackage, killAt, landedBy, startWriter } from '../../test-support/writer-process.ts';
import type { LandedEdit } from './plan-batch.ts';
import { setImageInRepository, type SetImageRequest } from './set-image.ts';

const git = createGitHost();
const dev = 'overlays/dev';
let folder: string;
let forge: LoopbackForge;
let repository: GitRepository;
let name: string;
let mirrorDir: string;
let count = 0;

beforeAll(async () => {
  await buildPackage();
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-set-image-'));
  forge = await startLoopbackForge(git, folder);
});
afterAll(async () => {
  await forge.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  count += 1;
  name = `c${count}`;
  mirrorDir = path.join(folder, `mirrors-${count}`);
  repository = await configRepository(git, path.join(folder, `${name}.git`), { [dev]: ['web', 'api'] });
});

function setImage(request: Partial<SetImageRequest> = {}): Promise<LandedEdit> {
  return setImageInRepository({
    git,
    mirrorDir,
    remote: forge.remote(name),
    branch: main,
    folders: [dev],
    pins: [pin('web', 1)],
    author: ada,
    committer: service,
    now: () => at,
    ...request,
  });
}

function task(id: string, number: number): Readonly<Record<string, unknown>> {
  return { mirrorDir, remote: forge.remote(name), folders: [dev], pins: [pin('web', number)], id };
}

describe('setImageInRepository', () => {
  it('commits and pushes to a URL, with a message for people and programs', async () => {
    const landed = await setImage({ id: 'build-7', trailers: [['Slipway-Run', '7']] });

    expect(landed).toMatchObject({ isChange: true, isReplay: false, paths: [`${dev}/kustomization.yaml`] });
    const commit = await repository.readCommit(await headOf(repository));
    expect(commit).toMatchObject({ id: landed.commit, author: ada, committer: service });
    expect(commit.message).toBe(
      `Set web to t1 in ${dev}\n\nSlipway-Run: 7\nSlipway-Digest: web@${pin('web', 1).digest}\nSlipway-Change: build-7\n`,
    );
  });

  it('pushes to a folder, pins plain manifests, and leaves nothing behind but mirror and lock', async () => {
    const manifest = 'kind: Pod\nspec:\n  containers:\n    - image: web:0 # keep\n';
    await pushForeign(repository, [['plain/pod.yaml', manifest]]);

    const landed = await setImage({ remote: { url: repository.gitDir }, folders: [], files: ['plain/pod.yaml'] });

    expect(landed.isChange).toBe(true);
    expect(await textOn(repository, 'plain/pod.yaml')).toBe(
      manifest.replace('web:0', `web:t1@${pin('web', 1).digest}`),
    );
    for (const entry of await readdir(mirrorDir)) {
      if (entry.endsWith('.waiting')) expect(await readdir(path.join(mirrorDir, entry))).toEqual([]);
    }
  });

  it('does the same id once, and without an id finds nothing to change', async () => {
    const first = await setImage({ id: 'once' });
    await setImage({ pins: [pin('web', 2)] });

    const again = await setImage({ id: 'once' });
    const same = await setImage({ pins: [pin('web', 2)] });
    const back = await setImage({ pins: [pin('web', 1)] });

    expect(again).toEqual({ ...first, isReplay: true });
    expect(same.isChange).toBe(false);
    expect(back.isChange).toBe(true);
    expect(await idsOn(repository)).toHaveLength(3);
  });

  it('says clearly that a work tree has the branch checked out', async () => {
    const tree = path.join(folder, `tree-${count}`);
    await runProgram('git', ['clone', '--quiet', repository.gitDir, tree]);

    const refused = setImage({ remote: { url: tree } });

    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_BRANCH_CHECKED_OUT' });
  });

  it('lands in one push what many processes’ worth of callers ask for while one is at it', async () => {
    const before = forge.pushes();

    const landed = await Promise.all(
      Array.from({ length: 12 }, (_, index) => setImage({ id: `edit-${index}`, pins: [pin('web', index + 1)] })),
    );

    expect(new Set(landed.map(({ commit }) => commit)).size).toBe(12);
    expect(await idsOn(repository)).toHaveLength(12);
    expect(forge.pushes() - before).toBeLessThanOrEqual(6);
  });

  it('gives each its own error when they wait together', async () => {
    const good = ['a', 'b', 'c'].map((id, index) => setImage({ id, pins: [pin('web', index + 1)] }));
    const bad = setImage({ id: 'bad', folders: ['nowhere'] });

    const settled = await Promise.allSettled([...good, bad]);

    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(bad).rejects.toMatchObject({ code: 'KUSTOMIZATION_MISSING' });
  });

  it('refuses a folder that is a relative path', async () => {
    await expect(setImage({ remote: { url: 'config.git' } })).rejects.toMatchObject({ code: 'GIT_URL_REFUSED' });
  });
});

describe('processes', () => {
  it('lose nothing between them', async () => {
    const ids = Array.from({ length: 6 }, (_, index) => `p-${index}`);

    const landed = await Promise.all(ids.map((id, index) => landedBy(startWriter(task(id, index + 1)))));

    expect(landed.every(({ isChange }) => isChange === true)).toBe(true);
    expect([...(await idsOn(repository))].sort()).toEqual(ids);
  });

  it('killed between commit and push leave the branch alone and the way free', async () => {
    const head = await headOf(repository);
    await killAt('manifest-committed', task('cut', 1));
    expect(await headOf(repository)).toBe(head);

    const landed = await setImage({ id: 'cut' });

    expect(landed.isReplay).toBe(false);
    expect(await idsOn(repository)).toEqual(['cut']);
  });

  it('killed between push and answer are found again', async () => {
    await killAt('manifest-landed', task('cut', 1));

    const landed = await setImage({ id: 'cut' });

    expect(landed).toMatchObject({ isReplay: true, commit: await headOf(repository) });
    expect(await idsOn(repository)).toEqual(['cut']);
  });

  it('killed between commit and branch of the server’s own repository leave it whole', async () => {
    const head = await headOf(repository);
    const own = { kind: 'local', gitDir: repository.gitDir, folders: [dev], pins: [pin('web', 1)], id: 'cut' };
    await killAt('manifest-committed', own);
    expect(await headOf(repository)).toBe(head);

    const landed = await landedBy(startWriter(own));

    expect(landed).toMatchObject({ isReplay: false, commit: await headOf(repository) });
    await runProgram('git', [`--git-dir=${repository.gitDir}`, 'fsck', '--strict', '--no-dangling']);
  });
});
