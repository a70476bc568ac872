import { parseBranch } from '@slipway/domain';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { pipelineFile, stages } from '../../test-support/pipeline-files.ts';
import { code, type PipelineWorld, PipelineWorlds } from '../../test-support/pipeline-world.ts';
import {
  closePullRequest,
  mergePullRequest,
  openPullRequest,
  type ReviewError,
  readMergeState,
  reviewPullRequest,
} from '../index.ts';

const worlds = new PipelineWorlds();
let world: PipelineWorld;
beforeEach(async () => {
  world = await worlds.open();
});
afterAll(() => worlds.close());

const feature = parseBranch('feature');
const opening = { repository: code, source: feature, title: 'T', body: '', author: 'dora' };

/** A verdict of a person on the request's head as it is; `head` for one that was looked at earlier. */
async function review(id: string, by: string, verdict: 'approved' | 'changes-requested' | 'commented' = 'approved') {
  world.pass();
  const { head } = await world.pullRequest(id);
  return reviewPullRequest(world.services, await world.account(by), { pullRequest: id, verdict, body: '', head });
}

async function unmet(id: string): Promise<readonly string[]> {
  const { decision } = await readMergeState(world.store, world.git, await world.pullRequest(id), world.at());
  return decision.kind === 'allowed' ? [] : decision.unmet.map((one) => one.gate);
}

async function setRoles(id: string, change: { readonly roles?: readonly []; readonly isDisabled?: boolean }) {
  const account = await world.account(id);
  await world.store.transact((tx) => tx.put('account', id, { ...account, ...change }));
}

describe('opening a pull request', () => {
  it('twice for the same branches is one', async () => {
    await world.push({ files: { a: '1' }, branch: feature });

    const [one, two] = [await openPullRequest(world.services, opening), await openPullRequest(world.services, opening)];

    expect(two).toEqual(one);
    expect(one).toMatchObject({ id: 'guestbook#1', pushers: ['dora'], state: 'open' });
  });

  it('at the same time gives each its own number', async () => {
    const branches = ['one', 'two', 'three'].map((name) => parseBranch(name));
    for (const branch of branches) await world.push({ files: { [branch]: '1' }, branch });

    const opened = await Promise.all(branches.map((source) => openPullRequest(world.services, { ...opening, source })));

    expect(opened.map((one) => one.number).sort()).toEqual([1, 2, 3]);
  });

  it.each([
    ['a branch that is not there', 'none', 'PULL_REQUEST_BRANCH_MISSING'],
    ['a branch without a commit of its own', 'main', 'PULL_REQUEST_EMPTY'],
  ])('refuses %s', async (_name, source, code_) => {
    await expect(openPullRequest(world.services, { ...opening, source: parseBranch(source) })).rejects.toMatchObject({
      code: code_,
    });
  });
});

describe('refreshing a pull request', () => {
  it('makes the merge result, the same from the same heads, and runs the checks on it', async () => {
    const opened = await world.request({ a: '1' });
    const run = await world.run();
    expect(run).toMatchObject({
      commit: opened.mergeCommit,
      trigger: { kind: 'pull-request', number: 1, base: opened.base, head: opened.head },
    });
    expect(await world.git.readRef('refs/pull/1/merge')).toBe(opened.mergeCommit);

    const { refreshPullRequest } = await import('../index.ts');
    await refreshPullRequest(world.services, opened.id);

    expect((await world.pullRequest(opened.id)).mergeCommit).toBe(opened.mergeCommit);
    expect((await world.runs()).filter((one) => one.trigger.kind === 'pull-request')).toHaveLength(1);
  });

  it('names what conflicts, and runs nothing', async () => {
    await world.push({ files: { a: 'theirs' }, branch: feature });
    await world.pushAndReconcile({ files: { a: 'ours' } });
    await openPullRequest(world.services, opening);
    await world.refresh();

    const opened = await world.pullRequest('guestbook#1');
    expect(opened).toMatchObject({ conflicts: ['a'] });
    expect(opened.mergeCommit).toBeUndefined();
    expect(await unmet(opened.id)).toContain('Conflicts');
    expect((await world.runs()).filter((one) => one.trigger.kind === 'pull-request')).toEqual([]);
  });

  it('cancels the checks of an older result when a newer push comes', async () => {
    const opened = await world.request({ a: '1' });
    const older = await world.run();
    await world.pushAndReconcile({ files: { a: '2' }, branch: feature });
    await world.refresh();

    expect((await world.store.get('pipelineRun', older.id))?.value).toMatchObject({ conclusion: 'cancelled' });
    expect((await world.run()).commit).toBe((await world.pullRequest(opened.id)).mergeCommit);
    expect((await world.run()).phase).toBe('running');
  });

  it('leaves out what only branches run, and passes', async () => {
    const file = pipelineFile(stages.build, stages.test, stages.image);
    await world.request({ 'slipway.yaml': file });
    await world.drive();

    const run = await world.run();
    expect((await world.stages(run.id))['image']).toMatchObject({ conclusion: 'skipped', reason: 'OnlyOnBranches' });
    expect(run.conclusion).toBe('success');
  });
});

describe('reviewing', () => {
  it('lets a request in with a check and an approval by another person, and not before', async () => {
    const opened = await world.request({ a: '1' });
    expect(await unmet(opened.id)).toEqual(['CheckNotPassed', 'WaitingForApproval']);
    await world.drive();
    expect(await unmet(opened.id)).toEqual(['WaitingForApproval']);

    await review(opened.id, 'rita');

    expect(await unmet(opened.id)).toEqual([]);
    const [statement] = await world.evidence('review');
    expect(statement?.predicate).toMatchObject({ account: 'rita', verdict: 'approved', head: opened.head });
  });

  it.each([
    ['who opened it', 'adam', 'adam', 'OwnPullRequest'],
    ['without the role', 'dora', 'pia', 'RoleMissing'],
  ])(
    'refuses an approval by somebody %s, and keeps the refusal as evidence',
    async (_name, author, approver, reason) => {
      const opened = await world.request({ a: '1' }, { by: author });

      await expect(review(opened.id, approver)).rejects.toMatchObject({ code: 'REVIEW_REFUSED', facts: { reason } });

      const [refusal] = await world.evidence('refusal');
      expect(refusal?.predicate).toMatchObject({ account: approver, what: 'approval', reason });
      expect(await world.store.list('review')).toEqual([]);
    },
  );

  it('refuses an approval by a co-author of a commit, and by who pushed one', async () => {
    const message = 'Together\n\nCo-authored-by: Rita <rita@example.test>\n';
    const opened = await world.request({ a: '1' }, { message });
    await expect(review(opened.id, 'rita')).rejects.toMatchObject({ facts: { reason: 'OwnChange' } });

    await world.pushAndReconcile({ files: { a: '2' }, branch: feature, by: 'adam' });
    await world.refresh();
    await expect(review(opened.id, 'adam')).rejects.toMatchObject({ facts: { reason: 'OwnCommits' } });
  });

  it('is void after a new push, and of a head that is no longer the head refused', async () => {
    const opened = await world.request({ a: '1' });
    await review(opened.id, 'rita');
    await world.pushAndReconcile({ files: { a: '2' }, branch: feature });
    await world.drive();

    expect(await unmet(opened.id)).toEqual(['WaitingForApproval']);
    const { reviews } = await readMergeState(world.store, world.git, await world.pullRequest(opened.id), world.at());
    expect(reviews.map((one) => one.decision)).toMatchObject([{ kind: 'refused', reason: 'HeadMoved' }]);
    const stale = { pullRequest: opened.id, verdict: 'approved', body: '', head: opened.head } as const;
    await expect(reviewPullRequest(world.services, await world.account('rita'), stale)).rejects.toMatchObject({
      code: 'REVIEW_HEAD_MOVED',
    });
  });

  it.each([
    ['loses the role', { roles: [] }],
    ['is disabled', { isDisabled: true }],
  ] as const)('counts no more once the approver %s', async (_name, change) => {
    const opened = await world.request({ a: '1' });
    await world.drive();
    await review(opened.id, 'rita');
    expect(await unmet(opened.id)).toEqual([]);

    await setRoles('rita', change);

    expect(await unmet(opened.id)).toEqual(['WaitingForApproval']);
  });

  it('takes the newest verdict of each person; a comment replaces none', async () => {
    const opened = await world.request({ a: '1' });
    await world.drive();
    await review(opened.id, 'rita');
    await review(opened.id, 'rita', 'commented');
    expect(await unmet(opened.id)).toEqual([]);

    await review(opened.id, 'rita', 'changes-requested');
    expect(await unmet(opened.id)).toEqual(['ChangesRequested', 'WaitingForApproval']);

    await review(opened.id, 'rita');
    expect(await unmet(opened.id)).toEqual([]);
  });
});

describe('closing', () => {
  it('is for its author and for reviewers, once, and nothing goes in afterwards', async () => {
    const opened = await world.request({ a: '1' });
    await world.drive();
    const outsider = { ...(await world.account('dora')), id: 'otto', roles: [] };

    await expect(closePullRequest(world.services, outsider, opened.id)).rejects.toMatchObject({
      code: 'CLOSE_REFUSED',
    });
    expect(await closePullRequest(world.services, await world.account('rita'), opened.id)).toMatchObject({
      state: 'closed',
    });
    await expect(closePullRequest(world.services, await world.account('rita'), opened.id)).rejects.toMatchObject({
      code: 'PULL_REQUEST_UNKNOWN',
    });
    await expect(mergePullRequest(world.services, await world.account('dora'), opened.id)).rejects.toMatchObject({
      code: 'MERGE_REFUSED',
    });
  });
});

describe('a change of policy', () => {
  const weaker = pipelineFile(
    stages.build,
    stages.lint,
    stages.test.replace('kind: test', 'requirement: off, kind: test'),
  );

  it('runs the gates of the target, and needs an approver beside the reviewer', async () => {
    const opened = await world.request({ 'slipway.yaml': weaker });
    await world.drive();
    const run = await world.run();
    expect(world.executor.ran()).toContain('check');
    expect((await world.stages(run.id))['test']).toMatchObject({ conclusion: 'success', requirement: 'required' });
    expect((await world.stages(run.id))['pack']).toMatchObject({ conclusion: 'success', requirement: 'required' });

    await review(opened.id, 'rita');
    const { decision } = await readMergeState(world.store, world.git, await world.pullRequest(opened.id), world.at());
    expect(decision).toMatchObject({
      unmet: [
        {
          gate: 'PolicyChangeNotApproved',
          message:
            'Policy change: Stage test of pipeline web is off, no longer required. Stage pack of pipeline web is gone. It waits for an approver or admin beside its reviewers.',
        },
      ],
    });
    await expect(mergePullRequest(world.services, await world.account('rita'), opened.id)).rejects.toMatchObject({
      code: 'MERGE_REFUSED',
    });

    const approval = await review(opened.id, 'ola');
    await mergePullRequest(world.services, await world.account('rita'), opened.id);

    expect((await world.pullRequest(opened.id)).state).toBe('merged');
    const statement = (await world.evidence('review')).find(({ id }) => id === `review/${approval.id}`);
    expect(statement?.predicate['policyChanges']).toContain('Stage pack of pipeline web is gone.');
    const change = (await world.evidence('change')).at(-1);
    expect(change?.predicate['links']).toHaveLength(2);
  });

  it('is not approved by its own author, nor by one admin in both roles; a second one is', async () => {
    const opened = await world.request({ 'slipway.yaml': weaker });
    await world.drive();
    await review(opened.id, 'adam');
    expect(await unmet(opened.id)).toEqual(['PolicyChangeNotApproved']);
    await setRoles('ola', { roles: [] });
    await expect(review(opened.id, 'ola')).rejects.toMatchObject({ facts: { reason: 'RoleMissing' } });

    await review(opened.id, 'rita');

    expect(await unmet(opened.id)).toEqual([]);
  });

  it('is void after a push, as every approval is', async () => {
    const opened = await world.request({ 'slipway.yaml': weaker });
    await review(opened.id, 'rita');
    await review(opened.id, 'ola');
    await world.pushAndReconcile({ files: { a: '2' }, branch: feature });
    await world.drive();

    expect(await unmet(opened.id)).toEqual(['WaitingForApproval', 'PolicyChangeNotApproved']);
  });

  it('is the file of the pipeline gone, or broken', async () => {
    for (const [branch, text] of [
      ['gone', undefined],
      ['broken', ': : :'],
    ] as const) {
      const opened = await world.request({ 'slipway.yaml': text }, { branch: parseBranch(branch) });
      await world.drive();

      expect((await world.run()).conclusion).toBe('success');
      expect(await unmet(opened.id)).toEqual(['WaitingForApproval', 'PolicyChangeNotApproved']);
    }
  });

  it('is none of a new stage, whose approver-only approval is refused as ever', async () => {
    const more = '{name: more, kind: run, needs: [build], commands: [more]}';
    const file = pipelineFile(stages.build, stages.lint, stages.test, stages.pack, more);
    const opened = await world.request({ 'slipway.yaml': file });
    await world.drive();

    expect(world.executor.ran()).toContain('more');
    expect(await unmet(opened.id)).toEqual(['WaitingForApproval']);
    const refused: Partial<ReviewError> = { code: 'REVIEW_REFUSED' };
    await expect(review(opened.id, 'ola')).rejects.toMatchObject(refused);
  });
});
