import { parseName } from '@slipway/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DeliveryWorld,
  type DeliveryWorlds,
  openDeliveryWorlds,
  promoter,
} from '../test-support/delivery-world.ts';
import { requestPromotion } from './promotion/request-promotion.ts';
import { promotionErrored } from './promotion/carry-promotion.ts';

describe('what delivery tells people', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());
  beforeEach(async () => {
    world = await worlds.open();
    await world.store.transact((tx) => tx.put('account', promoter.id, promoter));
    await world.observe();
  });

  const told = async (): Promise<readonly string[]> =>
    (await world.store.list('notification')).map(
      ({ value }) => `${value.kind} to ${value.recipients.join()}: ${value.subject}`,
    );

  /** A promotion into prod that was merged. */
  const promote = async (digit: number): Promise<void> => {
    await world.provenInQa(digit);
    await world.drive();
    await world.report('stage');
    const asked = { application: parseName('guestbook'), environment: parseName('prod') };
    const promotion = await requestPromotion(world.services, promoter, asked);
    await world.drive();
    await world.merge(promotion);
  };

  it('says nothing while everything works', async () => {
    await promote(2);
    await world.report('prod');

    expect(await told()).toEqual([]);
  });

  it('tells the promoter of a deployment that failed, and once that the next one works', async () => {
    await promote(2);
    await world.report('prod', 'failed');
    await world.report('prod', 'failed');
    world.now = '2026-01-02T04:00:00.000Z';
    await promote(3);
    await world.report('prod');
    world.now = '2026-01-02T05:00:00.000Z';
    await promote(4);
    await world.report('prod');

    expect(await told()).toEqual([
      `failure to ${promoter.id}: guestbook in environment prod failed`,
      `recovery to ${promoter.id}: guestbook in environment prod recovered`,
    ]);
  });

  it('tells the promoter of a promotion that could not be carried, once', async () => {
    await world.provenInQa(2);
    await world.drive();
    await world.report('stage');
    const asked = { application: parseName('guestbook'), environment: parseName('prod') };
    const { id } = await requestPromotion(world.services, promoter, asked);
    for (let time = 0; time < 2; time += 1)
      await promotionErrored(world.services, id, new Error('The branch is gone.'));

    expect(await told()).toEqual([
      `failure to ${promoter.id}: Promotion of guestbook to environment prod could not be carried out`,
    ]);
    expect((await world.store.list('inboxItem'))[0]?.value).toMatchObject({
      body: 'The branch is gone.',
      link: '/environments/guestbook',
    });
  });
});
