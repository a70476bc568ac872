import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../testing/run-cli.ts';
import { repositoryOf } from './set-image-action.ts';

let home: string;
let bare: string;
const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
  return execFileSync('git', [...identity, ...args], { encoding: 'utf8' }).trim();
}

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'slipway-set-image-'));
  const work = path.join(home, 'work');
  bare = path.join(home, 'config.git');
  for (const name of ['dev', 'qa']) {
    await mkdir(path.join(work, 'overlays', name), { recursive: true });
    await writeFile(
      path.join(work, 'overlays', name, 'kustomization.yaml'),
      'images:\n  - name: shop/web # the page\n    newTag: old\n',
    );
  }
  git('init', '--quiet', '--initial-branch=main', work);
  git('-C', work, 'add', '--all');
  git('-C', work, 'commit', '--quiet', '--message=first');
  git('clone', '--quiet', '--bare', work, bare);
});

afterEach(() => rm(home, { recursive: true, force: true }));

function setImage(digit: string, ...more: readonly string[]): ReturnType<typeof runCli> {
  return runCli(home, [
    'manifests',
    'set-image',
    '--repo',
    bare,
    '--branch',
    'main',
    '--image',
    `shop/web=127.0.0.1:7780/shop/web:t${digit}@${digestOf(digit)}`,
    '--author',
    'Bea <bea@example.org>',
    ...more,
  ]);
}

describe('manifests set-image', () => {
  it('pins several targets in one commit and prints it', async () => {
    const end = await setImage('1', '--kustomization', './overlays/dev/', 'overlays/qa', '--change', 'build-1');

    expect(end).toMatchObject({ code: 0, stdout: `${git('-C', bare, 'rev-parse', 'main')}\n` });
    expect(git('-C', bare, 'rev-list', '--count', 'main')).toBe('2');
    expect(git('-C', bare, 'show', '--format=%an <%ae>', '--name-only', 'main').split('\n')).toEqual([
      'Bea <bea@example.org>',
      '',
      'overlays/dev/kustomization.yaml',
      'overlays/qa/kustomization.yaml',
    ]);
    expect(git('-C', bare, 'show', 'main:overlays/qa/kustomization.yaml')).toContain(digestOf('1'));
  });

  it('lands a change once, however often it is asked for', async () => {
    const first = await setImage('1', '--kustomization', 'overlays/dev', '--change', 'build-1');
    await setImage('2', '--kustomization', 'overlays/dev', '--change', 'build-2');

    const again = await setImage('1', '--kustomization', 'overlays/dev', '--change', 'build-1', '--output', 'json');

    expect(JSON.parse(again.stdout)).toMatchObject({ commit: first.stdout.trim(), isReplay: true });
    expect(git('-C', bare, 'rev-list', '--count', 'main')).toBe('3');
    expect(git('-C', bare, 'show', 'main:overlays/dev/kustomization.yaml')).toContain(digestOf('2'));
  });

  it.each([
    ['no target', [], 2],
    ['a folder without a kustomization', ['--kustomization', 'overlays/none'], 1],
    ['a folder outside', ['--kustomization', '../elsewhere'], 1],
  ])('changes nothing for %s', async (_what, args, code) => {
    const end = await setImage('1', ...args);

    expect(end.code).toBe(code);
    expect(end.stdout).toBe('');
    expect(git('-C', bare, 'rev-list', '--count', 'main')).toBe('1');
  });

  it.each([
    [
      'an image that reads as an option',
      `--image=-web=127.0.0.1:7780/shop/web:t1@${digestOf('1')}`,
      'begins with a dash',
    ],
    ['a place that reads as an option', `--image=shop/web=-web:t1@${digestOf('1')}`, 'begins with a dash'],
    ['a branch that reads as an option', '--branch=--upload-pack=id', 'is not a branch name'],
    ['a folder that reads as an option', '--kustomization=--version', '--version'],
    ['an author of two lines', '--author=Bea <bea@example.org>\nSlipway-Change: x', 'is not `Name <mail>`'],
    ['a change of two lines', '--change=a\nSlipway-Change: b', 'is not a change id'],
  ])('changes nothing for %s, and says why', async (_what, option, why) => {
    const end = await setImage('1', '--kustomization', 'overlays/dev', option);

    expect([1, 2]).toContain(end.code);
    expect(end.stderr).toContain(why);
    expect(git('-C', bare, 'rev-list', '--count', 'main')).toBe('1');
  });

  it('takes an address of the server for its own repository, and no other', () => {
    const server = 'http://127.0.0.1:7780';

    expect(repositoryOf(server, `${server}/git/shop-config.git`)).toBe('shop-config');
    expect(repositoryOf(server, `${server}/git/shop-config`)).toBe('shop-config');
    expect(repositoryOf(server, 'http://127.0.0.1:7781/git/shop-config.git')).toBeUndefined();
    expect(repositoryOf(server, `${server}/git/a/../../api`)).toBeUndefined();
    expect(repositoryOf(server, '/srv/shop-config.git')).toBeUndefined();
  });
});
