import { parseCommitId, parseDigest, statementIds, parseName } from '@slipway/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DeliveryWorld,
  type DeliveryWorlds,
  image,
  openDeliveryWorlds,
  overlay,
  reportSource,
} from '../../test-support/delivery-world.ts';
import { deploymentId, measureEffect } from './record-deployment.ts';
import { verifyEffect } from '../verification/start-verifications.ts';

describe('recordDeployment', () => {
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

  const deployments = async (): Promise<number> => (await world.store.list('deployment')).length;

  it.each([
    ['render', { renderDigest: parseDigest(image(9)) }],
    ['revision', { revision: parseCommitId('9'.repeat(40)) }],
  ])('takes no report about a %s that was not authorised', async (_what, change) => {
    await world.report('qa', 'succeeded', change);

    expect(await deployments()).toBe(0);
    expect(world.effects.take(verifyEffect)).toEqual([]);
  });

  it('takes no report about what was authorised before and no longer is', async () => {
    const { authorised } = await world.state('qa');
    await world.pushAndObserve({ 'overlays/qa/kustomization.yaml': overlay('qa', 2) });

    await world.report('qa', 'succeeded', { ...authorised });

    expect(await deployments()).toBe(0);
  });

  it('starts each verification once, however often the end is reported', async () => {
    await world.report('qa', 'running');
    await world.report('qa');
    await world.report('qa');
    await Promise.all([world.report('qa'), world.report('qa')]);

    const [verification, ...others] = await world.verifications('qa');
    expect(others).toEqual([]);
    expect(verification).toMatchObject({ name: 'functional', phase: 'pending', attempt: 1 });
    expect(world.effects.take(verifyEffect)).toHaveLength(1);
    expect(world.effects.take(measureEffect)).toHaveLength(1);
    expect(await deployments()).toBe(1);
  });

  it('lets an end stand: no later report changes it', async () => {
    await world.report('qa', 'failed');
    await world.report('qa', 'succeeded');
    await world.report('qa', 'running');

    expect((await world.store.list('deployment'))[0]?.value.phase).toBe('failed');
    expect(await world.verifications('qa')).toEqual([]);
  });

  it('signs the end with who saw it and what let it in', async () => {
    await world.report('qa');
    const { authorised } = await world.state('qa');
    if (authorised === undefined) throw new Error('nothing is authorised');
    const id = deploymentId({ application: parseName('guestbook'), environment: parseName('qa'), ...authorised });
    const [kept] = await world.store.statements({ ids: [statementIds.deployment(id)] });
    const { payload } = JSON.parse(kept?.envelope ?? '{}') as { readonly payload: string };

    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
      predicate: {
        operator: 'operator',
        report: { keyId: reportSource.keyId, digest: reportSource.digest },
        phase: 'succeeded',
        links: [{ id: authorised.statement }],
      },
    });
  });

  it('ends the promotion that brought it with how it went', async () => {
    await world.provenInQa(2);
    await world.drive();
    await world.report('stage', 'failed');

    expect((await world.promotions('stage')).map(({ phase }) => phase)).toEqual(['failed']);
  });
});
