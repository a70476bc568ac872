import { createGitHost } from '@slipway/git';
import type { GitRepository } from '@slipway/ports';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configRepository, headOf, localWriter, mainRef, pin, pinEdit } from '../../test-support/config-repository.ts';
import { openChangeIndex } from './change-index-file.ts';

const git = createGitHost();
const dev = 'overlays/dev';
let folder: string;
let file: string;
let repository: GitRepository;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-index-'));
  file = path.join(folder, 'changes');
  repository = await configRepository(git, path.join(folder, 'config.git'), { [dev]: ['web'] });
  const writer = localWriter(repository);
  await Promise.all(
    Array.from({ length: 210 }, (_, index) => writer.submit(pinEdit(`e-${index}`, dev, [pin('web', index + 1)]))),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The repository, telling how many commits were read from it. */
function counting(): { readonly repository: GitRepository; readonly read: () => number } {
  let read = 0;
  const log: GitRepository['log'] = async (head, options) => {
    const commits = await repository.log(head, options);
    read += commits.length;
    return commits;
  };
  return { repository: { ...repository, log }, read: () => read };
}

it('spares a later process the history it holds, and nothing newer', async () => {
  const first = await openChangeIndex(repository, file);
  await first.index.advance(await headOf(repository));
  await first.save();
  await localWriter(repository).submit(pinEdit('newer', dev, [pin('web', 500)]));

  const { repository: counted, read } = counting();
  const { index } = await openChangeIndex(counted, file);
  await index.advance(await headOf(repository));

  expect(read()).toBe(1);
  expect(index.find('newer')).toBe(await headOf(repository));
  expect(index.find('e-7')).toBeDefined();
});

it('is read again when the branch was rewritten, and when the file is cut', async () => {
  const [, , , old] = await repository.log(await headOf(repository));
  if (old === undefined) throw new Error('no history');
  await repository.updateRef(mainRef, old.id, await headOf(repository));
  const rewritten = await openChangeIndex(repository, file);
  await rewritten.index.advance(old.id);
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 400));
  const cut = await openChangeIndex(repository, file);
  await cut.index.advance(old.id);

  for (const { index } of [rewritten, cut]) {
    expect(index.find('newer')).toBeUndefined();
    expect(index.find('e-209')).toBeUndefined();
    expect(index.find('e-1')).toBeDefined();
  }
});
