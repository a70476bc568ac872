import { type CommitId, parseDigest, parseName, type Promotion } from '@slipway/domain';
import { parseAuthorised } from '@slipway/manifests';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { idsOn, mainRef, pushForeign, textOn } from '../../test-support/config-repository.ts';
import {
  base,
  type DeliveryWorld,
  type DeliveryWorlds,
  image,
  openDeliveryWorlds,
  overlay,
  promoter,
} from '../../test-support/delivery-world.ts';
import { observeEffect } from '../environments/observe-config.ts';
import { advanceDelivery, promoteEffect } from './advance-delivery.ts';
import { carryPromotion, settlePromotion } from './carry-promotion.ts';
import { requestPromotion } from './request-promotion.ts';

const prod = { application: parseName('guestbook'), environment: parseName('prod') };

describe('promotion', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());
  beforeEach(async () => {
    world = await worlds.open();
    await world.observe();
  });

  /** A release that runs in stage, so that prod may ask for it. */
  const provenInStage = async (digit: number): Promise<void> => {
    await world.provenInQa(digit);
    await world.drive();
    await world.report('stage');
  };
  const ask = (change: Partial<Parameters<typeof requestPromotion>[2]> = {}): Promise<Promotion> =>
    requestPromotion(world.services, promoter, { ...prod, ...change });
  /** Merges the promotion's branch as the forge would after an approval. */
  const merge = async (promotion: Promotion): Promise<CommitId> => {
    const source = world.requests.at(-1)?.source ?? 'none';
    const commit = await world.repository.readRef(`refs/heads/${source}`);
    if (commit === undefined) throw new Error('the promotion has no branch');
    await world.repository.updateRef(mainRef, commit, await world.head());
    await settlePromotion(world.services, promotion.id, { commit, approvals: ['boss'], reviews: [] });
    await world.drive();
    return commit;
  };

  it('goes to the next open environment by itself, once, with one commit that names it', async () => {
    await world.provenInQa(2);
    await world.verify('qa');
    await world.report('qa');
    await world.drive();
    await world.drive();

    expect(await world.promotions('stage')).toMatchObject([{ requestedBy: 'policy', from: 'qa', phase: 'running' }]);
    expect((await idsOn(world.repository)).filter((id) => id.startsWith('promotion/'))).toHaveLength(1);
    expect(await textOn(world.repository, 'overlays/stage/kustomization.yaml')).toContain(image(2));
    const stage = await world.state('stage');
    expect(parseAuthorised(await textOn(world.repository, 'overlays/stage/authorised.yaml'))).toEqual({
      release: stage.authorised?.release,
      renderDigest: stage.authorised?.renderDigest,
    });
  });

  it('is one while it goes on, also when its commit was seen on the branch before it knew of it', async () => {
    await world.provenInQa(2);
    world.onCheckpoint = async (name) => {
      if (name !== 'promotion-landed') return;
      await world.observe();
      await world.store.transact(async (tx) => advanceDelivery(tx, await world.state('qa'), world.now));
    };

    await world.drive();

    expect(await world.promotions('stage')).toHaveLength(1);
  });

  it('is what the log shows of a render that was let in at a later commit', async () => {
    await provenInStage(2);
    const promotion = await ask();
    await carryPromotion(world.services, promotion.id);
    world.onCheckpoint = async (name) => {
      if (name === 'promotion-landed') await world.push({ 'overlays/qa/kustomization.yaml': overlay('qa', 3) });
    };

    const commit = await merge(promotion);

    const { authorised } = await world.state('prod');
    expect(authorised?.revision).toBe(await world.head());
    expect(authorised?.revision).not.toBe(commit);
    const render = { sha256: authorised?.renderDigest.slice('sha256:'.length) };
    const [statement] = await world.evidence('promotion', { environment: 'prod' });
    expect(statement?.subject.map(({ digest }) => digest)).toContainEqual(render);
  });

  it('does not happen before the verification has passed, nor when it failed', async () => {
    await world.pushAndObserve({ 'overlays/qa/kustomization.yaml': overlay('qa', 2) });
    await world.report('qa');
    expect(await world.promotions('stage')).toEqual([]);

    await world.verify('qa', 'failed');
    await world.drive();

    expect(await world.promotions('stage')).toEqual([]);
    await expect(
      requestPromotion(world.services, promoter, { ...prod, environment: parseName('stage') }),
    ).rejects.toMatchObject({
      code: 'PROMOTION_REFUSED',
      facts: { gate: 'NotVerifiedUpstream' },
    });
  });

  it('never enters a protected environment by itself', async () => {
    await provenInStage(2);
    await world.drive();

    expect(await world.promotions('prod')).toEqual([]);
    expect((await world.state('prod')).authorised).toBeUndefined();
  });

  it('is refused with every gate that is not met', async () => {
    await world.provenInQa(2);
    await world.drive();

    await expect(ask()).rejects.toMatchObject({
      code: 'PROMOTION_REFUSED',
      message: expect.stringContaining('not running healthy in environment stage'),
    });
    await world.report('stage');
    await expect(ask({ release: parseDigest(image(7)) })).rejects.toMatchObject({ code: 'PROMOTION_REFUSED' });
    await expect(ask({ environment: parseName('qa') })).rejects.toMatchObject({ code: 'PROMOTION_ENTRY' });
    await expect(ask({ environment: parseName('moon') })).rejects.toMatchObject({ code: 'PROMOTION_UNKNOWN' });
  });

  it('waits in one pull request for a second person, however often it is asked for and carried', async () => {
    await provenInStage(2);
    const promotion = await ask();
    expect((await ask()).id).toBe(promotion.id);
    await world.drive();
    await carryPromotion(world.services, promotion.id);

    expect(world.requests).toMatchObject([{ author: 'pia', promotion: promotion.id, target: 'main' }]);
    expect((await world.promotions('prod')).map(({ pullRequest }) => pullRequest)).toEqual([1]);
    await world.observe();
    expect((await world.state('prod')).authorised).toBeUndefined();
  });

  it('lets exactly the release in that was asked for, once its request is merged', async () => {
    await provenInStage(2);
    const promotion = await ask();
    await world.drive();
    const commit = await merge(promotion);

    expect((await world.state('prod')).authorised).toMatchObject({ revision: commit, release: promotion.release });
    expect((await world.promotions('prod'))[0]).toMatchObject({ approvals: ['boss'], commit, phase: 'running' });
    await world.report('prod');
    expect((await world.promotions('prod'))[0]?.phase).toBe('succeeded');
  });

  it('lets nothing in when another image was slipped into its request', async () => {
    await provenInStage(2);
    const promotion = await ask();
    await world.drive();
    const source = world.requests[0]?.source ?? 'none';
    const head = await world.repository.readRef(`refs/heads/${source}`);
    // Somebody edits the branch: an image that nobody verified, with an authorised.yaml that fits it.
    const evil = await slipIn(world, head, 9);
    await world.repository.updateRef(`refs/heads/${source}`, evil, head);
    await merge(promotion);

    const state = await world.state('prod');
    expect(state.authorised).toBeUndefined();
    expect(state.pending?.reason).toBe('The commit of the promotion brought another release than the one it was for.');
  });

  it('is refused when shared files have changed since it was verified', async () => {
    await provenInStage(2);
    const promotion = await ask();
    await world.push({ 'base/web.yaml': base['base/web.yaml'].replace('spec:\n', 'spec:\n  replicas: 2\n') });

    await expect(carryPromotion(world.services, promotion.id)).rejects.toMatchObject({ code: 'RELEASE_SUPERSEDED' });
  });

  it.each(['promotion-landed', 'promotion-branch-written'])('ends alike after a crash at %s', async (place) => {
    await provenInStage(2);
    const promotion = await ask();
    let crashes = 1;
    world.onCheckpoint = (name) =>
      name === place && crashes-- > 0 ? Promise.reject(new Error('killed')) : Promise.resolve();
    if (place === 'promotion-branch-written') {
      await expect(carryPromotion(world.services, promotion.id)).rejects.toThrow('killed');
      await carryPromotion(world.services, promotion.id);
      expect(world.requests).toHaveLength(1);
    } else {
      await carryPromotion(world.services, promotion.id);
      await expect(merge(promotion)).rejects.toThrow('killed');
    }
    world.effects.take(promoteEffect);
    await merge(promotion);

    expect((await world.state('prod')).authorised?.release).toBe(promotion.release);
    expect((await idsOn(world.repository)).filter((id) => id === `promotion/${promotion.id}`)).toHaveLength(1);
  });

  it('lands once when the process died between the commit and its record', async () => {
    await world.provenInQa(2);
    let crashes = 1;
    world.onCheckpoint = (name) =>
      name === 'promotion-landed' && crashes-- > 0 ? Promise.reject(new Error('killed')) : Promise.resolve();
    const [effect] = world.effects.take(promoteEffect);
    const id = String(effect?.payload['promotion']);
    await expect(carryPromotion(world.services, id)).rejects.toThrow('killed');

    await carryPromotion(world.services, id);
    await carryPromotion(world.services, id);

    expect((await idsOn(world.repository)).filter((one) => one === `promotion/${id}`)).toHaveLength(1);
    expect(world.effects.take(observeEffect)).toHaveLength(1);
  });
});

async function slipIn(world: DeliveryWorld, head: CommitId | undefined, digit: number): Promise<CommitId> {
  if (head === undefined) throw new Error('the promotion has no branch');
  const main = await world.head();
  // Made on main, where the helper can, and moved over: what counts is the tree.
  await world.repository.updateRef(mainRef, head, main);
  const { printAuthorised, releaseIdOf, renderEnvironment, treeAt } = await import('@slipway/manifests');
  const text = overlay('prod', digit);
  const pinned = await pushForeign(world.repository, [['overlays/prod/kustomization.yaml', text]]);
  const rendered = await renderEnvironment(world.services.renderer, treeAt(world.repository, pinned), {
    path: 'overlays/prod',
  });
  const release = releaseIdOf(parseName('guestbook'), rendered);
  const authorised = printAuthorised({ release, renderDigest: rendered.renderDigest });
  const evil = await pushForeign(world.repository, [['overlays/prod/authorised.yaml', authorised]]);
  await world.repository.updateRef(mainRef, main, evil);
  return evil;
}
