import { parseBranch } from '@slipway/domain';
import { promotionMergedEffect } from '@slipway/ports';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { code, config, main, type PipelineWorld, PipelineWorlds } from '../../test-support/pipeline-world.ts';
import { mergePullRequest, readMergeState, refreshKind, reviewPullRequest } from '../index.ts';

const worlds = new PipelineWorlds();
let world: PipelineWorld;
beforeEach(async () => {
  world = await worlds.open();
});
afterAll(() => worlds.close());

const feature = parseBranch('feature');

describe('reconcileRefs', () => {
  it('finds a push by comparison alone, and deals with it once however often it looks', async () => {
    const commit = await world.push({ files: { 'src/main.js': 'b' }, message: 'Answer\n\nAt length.\n' });

    await Promise.all([world.reconcile(), world.reconcile(), world.reconcile()]);
    await world.reconcile();

    const runs = (await world.runs()).filter((run) => run.commit === commit);
    expect(runs).toMatchObject([{ trigger: { kind: 'push', branch: 'main' }, trust: 'trusted' }]);
    const change = (await world.store.get('change', `${code}@${commit}`))?.value;
    expect(change).toMatchObject({ pusher: 'dora', subject: 'Answer', author: { email: 'dora@example.test' } });
    const statements = (await world.evidence('change')).filter(({ id }) => id === `change/${code}@${commit}`);
    expect(statements).toHaveLength(1);
  });

  it('goes on after a kill between the look and the record', async () => {
    const commit = await world.push({ files: { 'src/main.js': 'b' } });
    world.onCheckpoint = (name) => (name === 'ref-moved' ? Promise.reject(new Error('killed')) : Promise.resolve());
    await expect(world.reconcile()).rejects.toThrow('killed');
    expect((await world.runs()).filter((run) => run.commit === commit)).toEqual([]);
    world.onCheckpoint = () => Promise.resolve();

    await world.reconcile();

    expect((await world.runs()).filter((run) => run.commit === commit)).toHaveLength(1);
  });

  it('compares with the base of the push, of several commits too', async () => {
    const before = await world.git.readRef('refs/heads/main');
    await world.push({ files: { a: '1' } });
    const head = await world.push({ files: { a: '2' } });
    await world.reconcile();

    expect((await world.run()).trigger).toEqual({ kind: 'push', branch: 'main', base: before });
    expect((await world.run()).commit).toBe(head);
  });

  it('records what a force-push left, which the forge refuses on protected branches, with nobody as its pusher', async () => {
    const before = await world.git.readRef('refs/heads/main');
    const first = await world.pushAndReconcile({ files: { a: '1' } });
    const forced = await world.git.commitTree({
      ...{ tree: (await world.git.readCommit(first)).tree, parents: before === undefined ? [] : [before] },
      author: { name: 'x', email: 'x@example.test' },
      committer: { name: 'x', email: 'x@example.test' },
      message: 'By hand\n',
      at: world.at(),
    });
    expect(await world.git.updateRef('refs/heads/main', forced, first)).toBe(true);

    await world.reconcile();

    expect((await world.store.get('refHead', `${code}/refs/heads/main`))?.value.commit).toBe(forced);
    expect((await world.store.get('change', `${code}@${forced}`))?.value.pusher).toBe('unknown');
  });

  it('forgets a branch that is gone and closes its pull request', async () => {
    const opened = await world.request({ a: '1' });
    await world.git.updateRef('refs/heads/feature', undefined, opened.head);

    await world.reconcile();
    await world.refresh();

    expect(await world.store.get('refHead', `${code}/refs/heads/feature`)).toBeUndefined();
    expect(await world.pullRequest(opened.id)).toMatchObject({ state: 'closed' });
  });

  it('asks for a new merge result of every request that a move touches', async () => {
    const opened = await world.request({ a: '1' });
    expect(world.effects.take(refreshKind)).toEqual([]);

    await world.pushAndReconcile({ files: { b: '1' } });
    await world.pushAndReconcile({ files: { a: '2' }, branch: feature });

    expect(world.effects.take(refreshKind).map((effect) => effect.payload['pullRequest'])).toEqual([
      opened.id,
      opened.id,
    ]);
  });

  it('recognises the merge of a pull request, as the change of its author with its reviews', async () => {
    const opened = await world.request({ 'src/main.js': 'b' }, { title: 'Better answer' });
    await world.drive();
    world.pass();
    const rita = await world.account('rita');
    const review = await reviewPullRequest(world.services, rita, {
      pullRequest: opened.id,
      verdict: 'approved',
      body: '',
      head: opened.head,
    });

    await mergePullRequest(world.services, rita, opened.id);

    const merged = await world.pullRequest(opened.id);
    expect(merged).toMatchObject({ state: 'merged', mergedBy: 'rita' });
    const change = (await world.store.get('change', `${code}@${merged.mergedCommit ?? ''}`))?.value;
    expect(change).toMatchObject({
      subject: 'Better answer',
      author: { name: 'dora' },
      pusher: 'rita',
      pullRequest: 1,
    });
    const statement = (await world.evidence('change')).find(({ id }) => id === `change/${change?.id ?? ''}`);
    expect(statement?.predicate['links']).toMatchObject([{ id: `review/${review.id}` }]);
    expect((await world.run()).trigger).toMatchObject({ kind: 'push', branch: main });
  });

  it('recognises no merge in a branch that holds the same commits by other means', async () => {
    const opened = await world.request({ 'src/main.js': 'b' });
    await world.drive();
    await world.git.updateRef('refs/heads/main', opened.head, opened.base);

    await world.reconcile();

    expect(await world.pullRequest(opened.id)).toMatchObject({ state: 'open' });
    expect(world.effects.take(promotionMergedEffect)).toEqual([]);
  });

  it('on a config repository asks delivery to look, and starts no run', async () => {
    const before = (await world.runs()).length;
    const commit = await world.pushAndReconcile({ files: { a: '1' }, repository: config });

    expect(await world.runs()).toHaveLength(before);
    expect(world.effects.take('delivery.observe').map((effect) => effect.key)).toContain(`config/observe/${commit}`);
  });

  it('runs what a merge brought without another word: the same tree was tested on the request', async () => {
    const opened = await world.request({ 'src/main.js': 'b' });
    await world.drive();
    world.executor.requests.length = 0;
    world.pass();
    const rita = await world.account('rita');
    await reviewPullRequest(world.services, rita, {
      pullRequest: opened.id,
      verdict: 'approved',
      body: '',
      head: opened.head,
    });
    expect((await readMergeState(world.services.store, world.git, opened, world.at())).decision).toEqual({
      kind: 'allowed',
    });
    await mergePullRequest(world.services, rita, opened.id);
    await world.drive();

    expect(world.executor.ran()).toEqual([]);
    expect((await world.run()).conclusion).toBe('success');
  });
});
