import { parseName, type Promotion, type PullRequest } from '@slipway/domain';
import { promotionMergedEffect } from '@slipway/ports';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { code, config, type PipelineWorld, PipelineWorlds } from '../../test-support/pipeline-world.ts';
import {
  mergeApprovedPromotions,
  mergePullRequest,
  mergeRefreshedPromotion,
  openPullRequest,
  reviewPullRequest,
} from '../index.ts';

const worlds = new PipelineWorlds();
let world: PipelineWorld;
beforeEach(async () => {
  world = await worlds.open();
});
afterAll(() => worlds.close());

async function approve(opened: PullRequest, by: string): Promise<void> {
  world.pass();
  const { head } = await world.pullRequest(opened.id);
  const reviewing = { pullRequest: opened.id, verdict: 'approved', body: '', head } as const;
  await reviewPullRequest(world.services, await world.account(by), reviewing);
}

/** A request that may be merged. */
async function ready(title = 'A change'): Promise<PullRequest> {
  const opened = await world.request({ 'src/main.js': 'b' }, { title });
  await world.drive();
  await approve(opened, 'rita');
  return opened;
}

async function merge(opened: PullRequest, by = 'rita'): Promise<PullRequest> {
  return mergePullRequest(world.services, await world.account(by), opened.id);
}

const killAt = (checkpoint: string): void => {
  world.onCheckpoint = (name) => (name === checkpoint ? Promise.reject(new Error('killed')) : Promise.resolve());
};
const live = (): void => {
  world.onCheckpoint = () => Promise.resolve();
};
const mainHead = (): Promise<string | undefined> => world.git.readRef('refs/heads/main');

describe('mergePullRequest', () => {
  it('merges the tree that was checked, on the heads that were checked, by who merged it', async () => {
    const opened = await ready();
    const checked = await world.git.readCommit(opened.mergeCommit ?? opened.head);

    const merged = await merge(opened);

    const commit = await world.git.readCommit(merged.mergedCommit ?? opened.head);
    expect(await mainHead()).toBe(commit.id);
    expect([commit.tree, commit.parents]).toEqual([checked.tree, [opened.base, opened.head]]);
    expect([commit.author.name, commit.committer.name]).toEqual(['rita', 'Slipway']);
  });

  it('refuses with every rule that is not met, and moves nothing', async () => {
    const opened = await world.request({ 'src/main.js': 'b' });
    const before = await mainHead();

    await expect(merge(opened)).rejects.toThrow(/Check web: running.*waits for 1 approval/);

    expect(await mainHead()).toBe(before);
  });

  it('refuses when the target moved, until the new result is checked', async () => {
    const opened = await ready();
    await world.push({ files: { other: '1' } });

    await expect(merge(opened)).rejects.toMatchObject({ code: 'MERGE_REFUSED' });
    await world.reconcile();
    await world.drive();

    expect((await merge(opened)).state).toBe('merged');
  });

  it('forges no trailer by a title of several lines, nor reaches a shell', async () => {
    const title = 'Fix `id` $(id); rm -rf /\r\n\r\nSlipway-Change: forged\nSlipway-Pull-Request: guestbook#99\0';
    const opened = await ready(title.replace('\0', ''));

    const merged = await merge(opened);

    const commit = await world.git.readCommit(merged.mergedCommit ?? opened.head);
    expect(commit.trailers).toEqual([['Slipway-Pull-Request', opened.id]]);
    expect(commit.message.split('\n')[0]).toContain('Fix `id` $(id); rm -rf / Slipway-Change: forged');
  });

  it('is one merge, whoever asks at the same time', async () => {
    const opened = await ready();

    const outcomes = await Promise.allSettled([merge(opened), merge(opened, 'adam'), merge(opened)]);

    expect(outcomes.some((one) => one.status === 'fulfilled')).toBe(true);
    const head = await mainHead();
    expect((await world.pullRequest(opened.id)).mergedCommit).toBe(head);
    const [commit] = await world.git.log((head ?? opened.head) as PullRequest['head'], { limit: 1 });
    expect(commit?.parents).toEqual([opened.base, opened.head]);
  });
});

describe('a merge that was cut off', () => {
  it('after its intent is carried out by the next look, by the commit that was intended', async () => {
    const opened = await ready();
    killAt('merge-intended');
    await expect(merge(opened)).rejects.toThrow('killed');
    const { mergedCommit } = await world.pullRequest(opened.id);
    expect(await mainHead()).toBe(opened.base);
    live();

    await world.reconcile();

    expect(await mainHead()).toBe(mergedCommit);
    expect(await world.pullRequest(opened.id)).toMatchObject({ state: 'merged', mergedBy: 'rita' });
  });

  it('after the branch moved is recognised', async () => {
    const opened = await ready();
    killAt('merged');
    await expect(merge(opened)).rejects.toThrow('killed');
    live();
    expect((await world.pullRequest(opened.id)).state).toBe('open');

    await world.reconcile();

    expect((await world.pullRequest(opened.id)).state).toBe('merged');
  });

  it('is merged by the same commit when somebody asks again', async () => {
    const opened = await ready();
    killAt('merge-intended');
    await expect(merge(opened)).rejects.toThrow('killed');
    const { mergedCommit } = await world.pullRequest(opened.id);
    live();
    world.pass(10_000);

    expect((await merge(opened, 'adam')).mergedCommit).toBe(mergedCommit);
  });

  it('is not carried out when its approver lost the right meanwhile, and taken back in time', async () => {
    const opened = await ready();
    killAt('merge-intended');
    await expect(merge(opened)).rejects.toThrow('killed');
    live();
    const rita = await world.account('rita');
    await world.store.transact((tx) => tx.put('account', 'rita', { ...rita, roles: [] }));

    await world.reconcile();
    expect(await mainHead()).toBe(opened.base);
    expect((await world.pullRequest(opened.id)).mergedCommit).toBeDefined();

    world.pass(60_000);
    await world.reconcile();
    const taken = await world.pullRequest(opened.id);
    expect(taken.state).toBe('open');
    expect(taken.mergedCommit).toBeUndefined();
    expect(taken.mergedBy).toBeUndefined();
  });
});

describe('a promotion whose approval was cut off', () => {
  const promotion = {
    id: 'guestbook/prod/r1',
    application: parseName('guestbook'),
    environment: parseName('prod'),
    requestedBy: 'pia',
    release: `sha256:${'1'.repeat(64)}`,
    phase: 'waiting',
    message: '',
    approvals: [],
    requestedAt: '2026-01-02T03:04:05.000Z',
  } as unknown as Promotion;

  async function approved({ isRefreshed = true } = {}): Promise<PullRequest> {
    await world.store.transact((tx) => tx.put('promotion', promotion.id, promotion));
    const branch = 'promote/prod' as PullRequest['source'];
    await world.pushAndReconcile({ files: { pin: '1' }, repository: config, branch, by: 'slipway' });
    const facts = { repository: config, source: branch, title: 'Promote', body: '', author: 'slipway' };
    const opened = await openPullRequest(world.services, { ...facts, promotion: promotion.id });
    if (isRefreshed) await world.refresh();
    await approve(opened, 'ola');
    return opened;
  }

  it('is merged by its approver once nobody else does, and delivery hears of it once', async () => {
    const opened = await approved();

    await mergeApprovedPromotions(world.services, config);
    expect((await world.pullRequest(opened.id)).state).toBe('open');

    world.pass(6_000);
    await mergeApprovedPromotions(world.services, config);
    await mergeApprovedPromotions(world.services, config);

    expect(await world.pullRequest(opened.id)).toMatchObject({ state: 'merged', mergedBy: 'ola' });
    const effects = world.effects.take(promotionMergedEffect);
    expect(effects.map((one) => one.payload)).toMatchObject([{ promotion: promotion.id, approvals: ['ola'] }]);
  });

  it('is merged with its merge result when it was approved before there was one', async () => {
    const opened = await approved({ isRefreshed: false });
    await mergeRefreshedPromotion(world.services, opened.id);
    expect((await world.pullRequest(opened.id)).state).toBe('open');

    await world.refresh();
    await mergeRefreshedPromotion(world.services, opened.id);
    await mergeRefreshedPromotion(world.services, opened.id);

    expect(await world.pullRequest(opened.id)).toMatchObject({ state: 'merged', mergedBy: 'ola' });
  });

  it('is not merged when the approval no longer counts', async () => {
    const opened = await approved();
    const ola = await world.account('ola');
    await world.store.transact((tx) => tx.put('account', 'ola', { ...ola, roles: [] }));
    world.pass(6_000);

    await mergeApprovedPromotions(world.services, config);

    expect((await world.pullRequest(opened.id)).state).toBe('open');
  });

  it('is never approved by who asked for it', async () => {
    const opened = await approved();
    const pia = await world.account('pia');
    await world.store.transact((tx) => tx.put('account', 'pia', { ...pia, roles: ['promoter', 'approver'] }));

    await expect(approve(opened, 'pia')).rejects.toMatchObject({ facts: { reason: 'OwnPromotion' } });
  });

  it('leaves requests that promote nothing to the people who merge them', async () => {
    const opened = await ready();
    world.pass(60_000);

    await mergeApprovedPromotions(world.services, code);

    expect((await world.pullRequest(opened.id)).state).toBe('open');
  });
});
