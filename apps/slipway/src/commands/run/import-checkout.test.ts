import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProgramEnvironment } from '@slipway/config/environment';
import { createGitHost } from '@slipway/git';
import type { CommandContext } from '../../cli/run-command.ts';
import { findCheckout, importCheckout, type ImportedCheckout } from './import-checkout.ts';
import { onlyStage } from './run-action.ts';
import { parsePipelines } from '@slipway/config';

let home: string;
let checkout: string;

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
  return execFileSync('git', ['-C', checkout, ...identity, ...args], { encoding: 'utf8' }).trim();
}

function context(): CommandContext {
  const nothing = (): void => undefined;
  const environment = readProgramEnvironment({ HOME: home });
  return {
    environment,
    output: 'text',
    signal: new AbortController().signal,
    print: nothing,
    write: nothing,
    answer: nothing,
    progress: nothing,
  };
}

async function runImport(folder = checkout): Promise<ImportedCheckout> {
  const host = createGitHost();
  const addRepository = (name: string): ReturnType<typeof host.create> => host.create(path.join(home, `${name}.git`));
  return importCheckout(context(), { addRepository }, await findCheckout(context(), folder));
}

/** Every file below `.git`, by content. */
async function fingerprintGit(): Promise<string> {
  const hash = createHash('sha256');
  const files = await readdir(path.join(checkout, '.git'), { recursive: true, withFileTypes: true });
  const names = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
  for (const name of names.sort()) hash.update(name).update(await readFile(name));
  return hash.digest('hex');
}

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'slipway-import-'));
  checkout = path.join(home, 'My Shop');
  await mkdir(path.join(checkout, 'src'), { recursive: true });
  await writeFile(path.join(checkout, '.gitignore'), 'dist\n');
  await writeFile(path.join(checkout, 'src/a.js'), 'one\n');
  await writeFile(path.join(checkout, 'src/gone.js'), 'gone\n');
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', checkout]);
});

afterEach(() => rm(home, { recursive: true, force: true }));

describe('importCheckout', () => {
  it('takes HEAD and what is not committed, and touches nothing of the person', async () => {
    git('add', '--all');
    git('commit', '--quiet', '--message=first');
    await writeFile(path.join(checkout, 'src/a.js'), 'staged\n');
    git('add', '--all');
    await writeFile(path.join(checkout, 'src/a.js'), 'two\n');
    await writeFile(path.join(checkout, 'src/new.js'), 'new\n');
    await rm(path.join(checkout, 'src/gone.js'));
    await mkdir(path.join(checkout, 'dist'));
    await writeFile(path.join(checkout, 'dist/out.js'), 'built\n');
    const before = await fingerprintGit();

    const { repository, commit } = await runImport(path.join(checkout, 'src'));

    const files = (await repository.readTree(commit)).map((entry) => entry.path);
    expect(files).toEqual(['.gitignore', 'src/a.js', 'src/new.js']);
    expect(Buffer.from((await repository.readFile(commit, 'src/a.js')) ?? []).toString()).toBe('two\n');
    expect((await repository.readCommit(commit)).parents).toEqual([git('rev-parse', 'HEAD')]);
    expect(await fingerprintGit()).toBe(before);
  });

  it('gives equal content an equal tree, and each run a commit of its own', async () => {
    git('add', '--all');
    git('commit', '--quiet', '--message=first');

    const first = await runImport();
    const second = await runImport();

    expect(second.commit).not.toBe(first.commit);
    const trees = [first, second].map(async ({ repository, commit }) => (await repository.readCommit(commit)).tree);
    expect(new Set(await Promise.all(trees)).size).toBe(1);
  });

  it('takes a work tree before its first commit', async () => {
    const { repository, commit, name } = await runImport();

    expect((await repository.readTree(commit)).map((entry) => entry.path)).toContain('src/gone.js');
    expect(name).toMatch(/^my-shop-[0-9a-f]{8}$/);
  });

  it('refuses a folder that is no work tree', async () => {
    await expect(findCheckout(context(), home)).rejects.toMatchObject({ code: 'CLI_CHECKOUT_UNUSABLE' });
  });
});

describe('onlyStage', () => {
  const [pipeline] = parsePipelines(
    `apiVersion: slipway.dev/v1alpha1
kind: Pipeline
metadata: { name: web }
spec:
  stages:
    - { name: install, kind: build, commands: [npm ci] }
    - { name: lint, kind: run, commands: [npm run lint] }
    - { name: test, kind: run, needs: [install], commands: [npm test] }
`,
    'slipway.yaml',
  );

  it('keeps a stage and what it needs, in order', () => {
    const cut = pipeline === undefined ? [] : onlyStage(pipeline, 'test');

    expect(cut.map((one) => one.stages.map((stage) => stage.name))).toEqual([['install', 'test']]);
  });

  it('is empty for a stage that is not there', () => {
    expect(pipeline === undefined ? undefined : onlyStage(pipeline, 'deploy')).toEqual([]);
  });
});
