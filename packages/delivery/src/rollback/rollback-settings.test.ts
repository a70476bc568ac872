import { type CommitId, parseName, type Promotion } from '@slipway/domain';
import { parseAppConfigPin } from '@slipway/manifests';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mainRef, textOn } from '../../test-support/config-repository.ts';
import {
  type DeliveryWorld,
  type DeliveryWorlds,
  image,
  openDeliveryWorlds,
  overlay,
  promoter,
  settingsName,
} from '../../test-support/delivery-world.ts';
import { advancePromotions } from '../promotion/advance-promotions.ts';
import { requestPromotion } from '../promotion/request-promotion.ts';
import { requestRollback, type RollbackOrder } from './request-rollback.ts';

const prod = { application: parseName('guestbook'), environment: parseName('prod') };
const generator = 'configMapGenerator:\n  - name: settings\n    files: [app-config/settings.yaml]\n';
const file = 'overlays/prod/app-config/settings.yaml';
const settingsOf = (banner: string): Readonly<Record<string, string>> =>
  Object.fromEntries(['qa', 'stage', 'prod'].map((name) => [`guestbook/${name}/settings.yaml`, `banner: ${banner}\n`]));

describe('rollback with settings', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());
  /** Prod ran image 2 with settings one, and runs image 3 with settings two. */
  beforeEach(async () => {
    world = await worlds.open();
    await world.push(
      Object.fromEntries(
        ['qa', 'stage', 'prod'].flatMap((name) => [
          [`overlays/${name}/kustomization.yaml`, overlay(name, 1, generator)],
          [`overlays/${name}/app-config/settings.yaml`, 'banner: none\n'],
        ]),
      ),
    );
    await world.addSettings(settingsOf('one'));
    await world.observe();
    await world.drive();
    await release(2);
    await world.pinSettings(await world.pushSettings(settingsOf('two')));
    await release(3);
  });

  const release = async (digit: number): Promise<void> => {
    world.now = new Date(Date.parse(world.now) + 60_000).toISOString();
    await world.pushAndObserve({ 'overlays/qa/kustomization.yaml': overlay('qa', digit, generator) });
    await world.report('qa');
    await world.verify('qa');
    await world.drive();
    await world.report('stage');
    const promotion = await requestPromotion(world.services, promoter, prod);
    await world.drive();
    await world.merge(promotion);
    await world.report('prod');
  };
  const back = async (order: Partial<RollbackOrder> = {}): Promise<Promotion> => {
    const rollback = await requestRollback(world.services, promoter, { ...prod, reason: 'wrong', ...order });
    await world.drive();
    return (await world.store.get('promotion', rollback.id))?.value ?? rollback;
  };
  const settingsHead = (): Promise<CommitId | undefined> => world.settings.readRef(mainRef);
  /** The pull request of the settings, merged as the forge would; the record as the forge keeps it. */
  const mergeSettings = async (rollback: Promotion): Promise<void> => {
    const number = rollback.rollback?.appConfig?.pullRequest ?? 0;
    const source = world.requests[number - 1]?.source ?? 'none';
    const commit = await world.settings.readRef(`refs/heads/${source}`);
    await world.settings.updateRef(mainRef, commit, await settingsHead());
    await keepRequest(number, 'merged', commit);
    await advancePromotions(world.services);
    await world.drive();
  };
  const keepRequest = (number: number, state: 'merged' | 'closed', mergedCommit?: CommitId): Promise<void> =>
    world.store.transact(async (tx) => {
      const request = world.requests[number - 1];
      if (request === undefined) throw new Error('there is no such request');
      const head = await world.head();
      const id = `${settingsName}#${number}`;
      await tx.put('pullRequest', id, {
        ...{
          id,
          number,
          state,
          head,
          base: head,
          conflicts: [],
          pushers: [],
          createdAt: world.now,
          updatedAt: world.now,
        },
        ...{ repository: settingsName, title: request.title, body: request.body, author: request.author },
        ...{ source: request.source, target: request.target },
        ...(mergedCommit === undefined ? {} : { mergedCommit }),
      });
    });
  const inProd = async () => ({
    settings: await textOn(world.repository, file),
    image: /digest: (sha256:\d+)/.exec(await textOn(world.repository, 'overlays/prod/kustomization.yaml'))?.[1],
    pin: parseAppConfigPin(await textOn(world.repository, 'overlays/prod/app-config/pin.yaml')).commit,
  });

  it('takes the settings back first, then reverts the manifests and pins what came of it', async () => {
    const rollback = await back();
    expect(rollback.rollback?.appConfig).toEqual({ repository: 'settings', pullRequest: 3 });
    expect(rollback.pullRequest).toBeUndefined();
    expect(world.requests.at(-1)).toMatchObject({ repository: 'settings', author: 'pia' });
    expect(world.requests.at(-1)).not.toHaveProperty('promotion');

    await mergeSettings(rollback);
    expect(world.requests.at(-1)).toMatchObject({ repository: 'config', promotion: rollback.id });
    await world.merge(rollback);

    const head = await settingsHead();
    expect(await inProd()).toEqual({ settings: 'banner: one\n', image: image(2), pin: head });
    expect((await world.state('prod')).authorised?.release).toBe(rollback.release);
    const { message } = await world.settings.readCommit(head ?? (await world.head()));
    expect(message).toMatch(
      /^Take the settings of guestbook back to [0-9a-f]{12}\n\nThis takes back what came after commit /,
    );
  });

  it('takes back the settings alone, or the manifests alone', async () => {
    const settings = await back({ part: 'app-config' });
    await mergeSettings(settings);
    await world.merge(settings);
    expect(await inProd()).toMatchObject({ settings: 'banner: one\n', image: image(3) });
    await world.report('prod');

    const manifests = await back({ part: 'manifests' });
    expect(manifests.rollback?.appConfig).toBeUndefined();
    await world.merge(manifests);
    expect(await inProd()).toMatchObject({ settings: 'banner: one\n', image: image(2) });
  });

  it('pins the old settings at once in an emergency', async () => {
    const rollback = await back({ isEmergency: true });

    expect(rollback.rollback?.appConfig).toBeUndefined();
    expect(await inProd()).toMatchObject({ settings: 'banner: one\n', image: image(2) });
  });

  it('leaves it to a person when other settings have moved since', async () => {
    await world.pushSettings({ 'guestbook/qa/settings.yaml': 'banner: three\n' });
    const conflicting = await requestRollback(world.services, promoter, { ...prod, reason: 'wrong' });
    await expect(world.drive()).rejects.toMatchObject({ code: 'ROLLBACK_CONFLICT' });
    expect(conflicting.rollback?.appConfig).toBeUndefined();
  });

  it('ends with its pull request when that is closed', async () => {
    const rollback = await back();
    await keepRequest(rollback.rollback?.appConfig?.pullRequest ?? 0, 'closed');

    await advancePromotions(world.services);

    expect((await world.store.get('promotion', rollback.id))?.value).toMatchObject({ phase: 'aborted' });
    expect((await world.store.list('hold')).map(({ value }) => value.liftedBy)).toEqual(['policy']);
  });
});
