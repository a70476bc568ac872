import { type CanaryReport, parseStrategy, statementIds } from '@slipway/domain';
import { parseStatement } from '@slipway/evidence';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  deliveryFile,
  type DeliveryWorld,
  type DeliveryWorlds,
  openDeliveryWorlds,
  overlay,
  promoter,
} from '../../test-support/delivery-world.ts';
import { sayToCanary } from './say-to-canary.ts';

const strategy = { canary: { steps: [{ weight: 10 }, { pause: 'person' }] } };
const withCanary = deliveryFile.replace(
  'namespace: guestbook-qa\n',
  `namespace: guestbook-qa\n      strategy: ${JSON.stringify(strategy)}\n`,
);
const order = { application: 'guestbook', environment: 'qa' } as const;

function canary(phase: CanaryReport['phase']): CanaryReport {
  const totals = { requests: { total: 100, failed: 3 } };
  return {
    phase,
    step: 1,
    steps: 2,
    weight: 10,
    realShare: 10,
    metrics: [],
    startedAt: '2026-01-02T03:04:05Z',
    message: `It is ${phase}.`,
    ...totals,
  };
}

describe('sayToCanary', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());
  beforeEach(async () => {
    world = await worlds.open();
    await world.pushAndObserve({ 'slipway.yaml': withCanary, 'overlays/qa/kustomization.yaml': overlay('qa', 2) });
  });

  const say = (action: 'resume' | 'abort') => sayToCanary(world.services, promoter, { ...order, action });

  it('signs the strategy with the render that it is for', async () => {
    const { authorised } = await world.state('qa');
    const [kept] = await world.store.statements({ ids: [authorised?.statement ?? ''] });
    const { payload } = JSON.parse(kept?.envelope ?? '{}') as { readonly payload: string };
    const { predicate } = parseStatement(Buffer.from(payload, 'base64'));

    expect(parseStrategy(predicate['strategy'])).toEqual({
      kind: 'canary',
      steps: [{ kind: 'weight', percent: 10 }, { kind: 'pause' }],
      analyses: [],
    });
  });

  it('keeps the word for the operator, with the step and the render that it is about, and proves it', async () => {
    await world.report('qa', 'running', { canary: canary('paused') });

    const deployment = await say('resume');

    const { canaryControl, authorised } = await world.state('qa');
    expect(canaryControl).toEqual({
      action: 'resume',
      step: 1,
      by: promoter.id,
      at: world.now,
      renderDigest: authorised?.renderDigest,
    });
    const id = statementIds.canaryControl(deployment.id, world.now);
    expect(await world.store.statements({ ids: [id] })).toHaveLength(1);
    // A look at the branch does not lose it.
    await world.pushAndObserve({ 'README.md': 'more\n' });
    expect((await world.state('qa')).canaryControl).toEqual(canaryControl);
  });

  it('lets nobody resume what waits for nobody, and everybody who may promote abort it', async () => {
    await world.report('qa', 'running', { canary: canary('progressing') });

    await expect(say('resume')).rejects.toMatchObject({ code: 'CANARY_NOT_WAITING' });
    await say('abort');

    expect((await world.state('qa')).canaryControl).toMatchObject({ action: 'abort' });
  });

  it('refuses a word where no canary runs', async () => {
    await expect(say('abort')).rejects.toMatchObject({ code: 'CANARY_NOT_RUNNING' });
    await world.report('qa', 'succeeded', { canary: canary('promoted') });
    await expect(say('abort')).rejects.toMatchObject({ code: 'CANARY_NOT_RUNNING' });
    const nowhere = { ...order, environment: 'moon', action: 'abort' } as const;
    await expect(sayToCanary(world.services, promoter, nowhere)).rejects.toMatchObject({
      code: 'PROMOTION_UNKNOWN',
    });
  });

  it('keeps the canary with its deployment, to the end', async () => {
    await world.report('qa', 'running', { canary: canary('progressing') });
    await world.report('qa', 'aborted', { canary: canary('aborted') });

    const [kept] = await world.store.list('deployment', { match: { environment: 'qa', phase: 'aborted' } });
    expect(kept?.value.canary).toMatchObject({ phase: 'aborted', requests: { failed: 3 } });
  });
});
