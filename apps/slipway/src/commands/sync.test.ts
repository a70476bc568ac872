import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../testing/run-cli.ts';
import { treePath } from './render-source.ts';

const example = fileURLToPath(new URL('../../../../examples/guestbook-config', import.meta.url));
let home: string;
let repo: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'slipway-sync-'));
  repo = path.join(home, 'config');
  await cp(example, repo, { recursive: true });
  await mkdir(path.join(repo, 'wrapper'));
  await writeFile(path.join(repo, 'wrapper/kustomization.yaml'), 'resources: [../overlays/prod]\n');
  const git = (...args: readonly string[]): Buffer =>
    execFileSync('git', ['-C', repo, '-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args]);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=first');
});

afterAll(() => rm(home, { recursive: true, force: true }));

describe('sync without a server', () => {
  it.each([
    ['a protected environment', ['--path', 'overlays/prod']],
    ['another spelling of it', ['--path', './overlays//x/../prod/']],
    ['an environment with an upstream', ['--path', 'overlays/e2e']],
    ['a folder that draws one in', ['--path', 'wrapper', '--namespace', 'elsewhere']],
    ['the namespace of one', ['--path', 'overlays/qa', '--namespace', 'guestbook-prod']],
    ['the owner labels of one', ['--path', 'overlays/qa', '--environment', 'stage']],
  ])('refuses %s before anything is started', async (_what, args) => {
    const end = await runCli(home, ['sync', '--repo', repo, ...args]);

    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(end.stderr).toContain('protected path');
    await expect(stat(path.join(home, 'state'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['a folder that is not there', ['--path', 'overlays/none']],
    ['a revision that is not there', ['--path', 'overlays/qa', '--revision', 'none']],
    ['a repository that is not there', ['--path', 'overlays/qa', '--repo', '/nonexistent']],
  ])('gives diff a code above 1 for %s', async (_what, args) => {
    expect(await runCli(home, ['diff', '--repo', repo, ...args])).toMatchObject({ code: 6, stdout: '' });
  });

  it('reads a path in its one spelling and never leaves the repository', () => {
    expect([treePath('./a//b/'), treePath('.'), treePath('a/../b')]).toEqual(['a/b', '', 'b']);
    for (const text of ['..', '../a', '/etc', 'a/../../b'])
      expect(() => treePath(text)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }) as Error);
  });
});
