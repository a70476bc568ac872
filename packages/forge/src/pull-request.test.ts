import { parseBranch, type CommitId } from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import type { GitRepository } from '@slipway/ports';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mergePullRequest, planMergeResult } from './index.ts';

const git = createGitHost();
const ada = { name: 'Ada', email: 'ada@example.org' };
const main = 'refs/heads/main';
let folder: string;
let count = 0;
let repository: GitRepository;
let root: CommitId;
let base: CommitId;
let head: CommitId;
let rival: CommitId;

async function write(parent: CommitId | undefined, file: string, text: string): Promise<CommitId> {
  const changes = [{ path: file, content: Buffer.from(text) }];
  const plan = { changes, author: ada, committer: ada, message: `${file}\n`, at: '2026-02-03T04:05:06Z' };
  const [id] = await repository.commitChain(parent, [plan]);
  if (id === undefined) throw new Error('no commit');
  return id;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-pull-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  repository = await git.create(path.join(folder, `r${count}.git`));
  root = await write(undefined, 'a', '1\n');
  base = await write(root, 'b', '1\n');
  head = await write(root, 'c', '1\n');
  rival = await write(root, 'b', '2\n');
  await repository.updateRef(main, base, undefined);
});

describe('planMergeResult', () => {
  it('writes the same merge commit for the same heads, and points the refs at it', async () => {
    const first = await planMergeResult(repository, { number: 7, base, head });
    const again = await planMergeResult(repository, { number: 8, base, head });

    if (first.kind !== 'clean') throw new Error(first.kind);
    expect(again).toEqual(first);
    const refs = await repository.listRefs();
    expect(refs.get('refs/pull/7/head')).toBe(head);
    expect(refs.get('refs/pull/7/merge')).toBe(first.commit);
    expect((await repository.readCommit(first.commit)).parents).toEqual([base, head]);
    expect((await repository.readTree(first.tree)).map((entry) => entry.path)).toEqual(['a', 'b', 'c']);
  });

  it('takes the merge ref away when the heads conflict', async () => {
    await planMergeResult(repository, { number: 7, base, head });

    const plan = await planMergeResult(repository, { number: 7, base, head: rival });

    expect(plan).toEqual({ kind: 'conflict', paths: ['b'] });
    const refs = await repository.listRefs();
    expect(refs.get('refs/pull/7/head')).toBe(rival);
    expect(refs.has('refs/pull/7/merge')).toBe(false);
  });
});

describe('mergePullRequest', () => {
  const merge = {
    target: parseBranch('main'),
    author: ada,
    committer: ada,
    message: 'Merge #7\n',
    at: '2026-03-04T05:06:07Z',
  };

  it('moves the target, and says so again when repeated, also after later commits', async () => {
    const first = await mergePullRequest(repository, { ...merge, base, head });
    if (first.kind !== 'moved') throw new Error(first.kind);
    const again = await mergePullRequest(repository, { ...merge, base, head });
    const later = await write(first.commit, 'd', '1');
    await repository.updateRef(main, later, first.commit);

    expect(again).toEqual(first);
    expect(await mergePullRequest(repository, { ...merge, base, head })).toEqual(first);
    expect(await repository.readRef(main)).toBe(later);
    expect((await repository.readCommit(first.commit)).author).toEqual({ ...ada, at: '2026-03-04T05:06:07.000Z' });
  });

  it('moves nothing when the target moved on, or the heads conflict', async () => {
    const later = await write(base, 'd', '1');
    await repository.updateRef(main, later, base);

    expect(await mergePullRequest(repository, { ...merge, base, head })).toEqual({ kind: 'stale', current: later });
    expect(await mergePullRequest(repository, { ...merge, base, head: rival })).toEqual({
      kind: 'conflict',
      paths: ['b'],
    });
    expect(await repository.readRef(main)).toBe(later);
  });

  it('lets one of two merges at once win', async () => {
    const other = await write(root, 'e', '1');

    const outcomes = await Promise.all(
      [head, other].map((each) => mergePullRequest(repository, { ...merge, base, head: each })),
    );

    expect(outcomes.map((outcome) => outcome.kind).toSorted()).toEqual(['moved', 'stale']);
  });
});
