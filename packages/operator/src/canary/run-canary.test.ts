import { healthyStatus } from '@slipway/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { app, canaryKey, CanaryWorld, serviceKey, stateKey, webKey } from '../../test-support/canary-world.ts';

describe('a canary', () => {
  let canary: CanaryWorld;
  beforeEach(async () => {
    canary = await CanaryWorld.open();
  });
  afterEach(() => canary.close());

  it('is not for the first deployment, nor for putting back what somebody changed', async () => {
    const { target } = canary.world;
    expect(await canary.state()).toMatchObject({ phase: 'promoted', deployments: [] });
    const policy = await canary.policyOf(app('v1'));
    await canary.drive(policy);
    await target.remove(webKey, {});
    target.writes.length = 0;

    await canary.drive(policy);

    expect(target.writes).toEqual(['apply Deployment/web']);
  });

  it('is not for a render that changes no pod', async () => {
    await canary.drive(await canary.policyOf(app('v1', 5)));

    expect(canary.world.target.writes).toEqual(['apply Deployment/web', `apply ConfigMap/${stateKey.name}`]);
    expect(await canary.state()).toMatchObject({ phase: 'promoted' });
  });

  it('takes a share only when it is healthy, and leaves what serves as it is', async () => {
    const policy = await canary.policyOf(app('v2'));

    expect(await canary.pass(policy)).toMatchObject({ kind: 'waiting', retryAfterMs: 1_000 });
    expect(canary.world.target.writes).toEqual([
      `apply ConfigMap/${stateKey.name}`,
      'apply ConfigMap/settings-v2',
      'apply Service/web',
      'apply Deployment/web-canary',
      `apply ConfigMap/${stateKey.name}`,
    ]);
    expect(await canary.weights()).toEqual({ web: 100, 'web-canary': 0 });
    expect(canary.lastReport).toMatchObject({
      phase: 'running',
      inventory: [
        'ConfigMap guestbook-qa/settings-v1',
        'ConfigMap guestbook-qa/settings-v2',
        'ConfigMap guestbook-qa/shared',
        'Deployment.apps guestbook-qa/web',
        'Service guestbook-qa/web',
      ],
      canary: { phase: 'preparing', weight: 0, step: 0, steps: 5 },
    });

    expect(await canary.pass(policy)).toMatchObject({ kind: 'waiting', retryAfterMs: 30_000 });
    expect(await canary.weights()).toEqual({ web: 90, 'web-canary': 10 });
    expect(await canary.image()).toBe('web:v1');
    expect(await canary.image(canaryKey)).toBe('web:v2');
    expect((await canary.world.target.get(canaryKey))?.metadata.labels).toEqual({
      'slipway.dev/canary-application': 'guestbook',
      'slipway.dev/canary-environment': 'qa',
    });
    expect(canary.lastReport).toMatchObject({ canary: { phase: 'progressing', weight: 10, realShare: 10, step: 1 } });
  });

  it('goes from 10 to 50 to all, and leaves nothing of itself', async () => {
    const policy = await canary.policyOf(app('v2'));
    const seen: unknown[] = [];

    const end = await canary.drive(policy, (world) => {
      void world.weights().then((weights) => seen.push(weights));
      return false;
    });

    expect(end).toMatchObject({ kind: 'settled' });
    expect([...new Set(seen.map((weights) => JSON.stringify(weights)))]).toEqual([
      '{"web":100,"web-canary":0}',
      '{"web":90,"web-canary":10}',
      '{"web":50,"web-canary":50}',
    ]);
    expect(await canary.image()).toBe('web:v2');
    expect(await canary.world.target.get(canaryKey)).toBeUndefined();
    expect(await canary.weights()).toBeUndefined();
    const names = (await canary.world.target.list({})).map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(['settings-v2', 'shared', stateKey.name, 'web', 'web']);
    const report = {
      phase: 'promoted',
      step: 5,
      requests: { failed: 0 },
      metrics: [{ name: 'errors', value: 0, count: 2 }],
    };
    expect(canary.lastReport).toMatchObject({ phase: 'succeeded', canary: report, observed: { canary: report } });
  });

  it('gives all requests to the canary before it replaces what is stable, and prunes only after', async () => {
    const policy = await canary.policyOf(app('v2'));
    await canary.drive(policy);
    const { writes } = canary.world.target;

    const replaced = writes.indexOf('apply Deployment/web');
    expect(replaced).toBeGreaterThan(0);
    expect(writes.slice(0, replaced)).not.toContain('remove ConfigMap/settings-v1');
    expect(writes.lastIndexOf('remove ConfigMap/settings-v1')).toBeGreaterThan(
      writes.indexOf('remove Deployment/web-canary'),
    );
  });

  it('writes nothing while it pauses, and asks nothing about metrics', async () => {
    const policy = await canary.policyOf(app('v2'));
    await canary.drive(policy, () => canary.passed.includes('canary-weight-set') && canary.passed.length > 6);
    await canary.pass(policy);
    canary.world.target.writes.length = 0;
    canary.metrics.asked.length = 0;

    for (let count = 0; count < 20; count++) {
      canary.nowMs += 1_000;
      expect(await canary.pass(policy)).toMatchObject({ kind: 'waiting', retryAfterMs: 29_000 - count * 1_000 });
    }

    expect([canary.world.target.writes, canary.metrics.asked]).toEqual([[], []]);
  });

  it('writes a bounded number of times: a few for each step, whatever the time it takes', async () => {
    await canary.drive(await canary.policyOf(app('v2')));

    const { writes } = canary.world.target;
    const ofState = writes.filter((write) => write === `apply ConfigMap/${stateKey.name}`).length;
    // Begin, wait for health, then two a step at most, and the end in five.
    expect(ofState).toBeLessThanOrEqual(2 + 2 * 5 + 5);
    expect(writes.length - ofState).toBeLessThanOrEqual(16);
  });

  it('aborts when a metric fails: stable serves all at once, and what is live stays as it was', async () => {
    canary.traffic = () => canary.answer(500, 20);
    const policy = await canary.policyOf(app('v2'));

    expect(await canary.drive(policy)).toMatchObject({ kind: 'settled' });

    const { writes } = canary.world.target;
    expect(writes.lastIndexOf('apply Service/web', writes.indexOf('remove Deployment/web-canary'))).toBeGreaterThan(-1);
    expect(writes).not.toContain('apply Deployment/web');
    expect(await canary.image()).toBe('web:v1');
    expect((await canary.world.target.get({ ...stateKey, name: 'shared' }))?.['data']).toEqual({ value: 'v1' });
    expect(await canary.weights()).toBeUndefined();
    expect(await canary.state()).toMatchObject({
      phase: 'aborted',
      message: expect.stringContaining('errors') as string,
    });
    const requests = { total: expect.any(Number) as number, failed: expect.any(Number) as number };
    expect(canary.lastReport).toMatchObject({
      phase: 'aborted',
      reason: 'CanaryAborted',
      canary: { phase: 'aborted', weight: 0, requests, requestsSinceAbort: requests },
    });
    const { canary: told } = canary.lastReport as {
      readonly canary: { readonly requests: { readonly failed: number } };
    };
    expect(told.requests.failed).toBeGreaterThanOrEqual(20);
  });

  it('says aborted again for the same render, and applies nothing of it', async () => {
    canary.traffic = () => canary.answer(500, 20);
    const policy = await canary.policyOf(app('v2'));
    await canary.drive(policy);
    canary.world.target.writes.length = 0;
    canary.world.server.reports.length = 0;

    await canary.pass(policy);

    expect(canary.world.target.writes).toEqual([]);
    expect(canary.world.server.reports).toMatchObject([{ phase: 'aborted' }]);
  });

  it('aborts a canary that never gets healthy, after the deadline', async () => {
    canary.world.target.rollout = (object) =>
      object.metadata.name === 'web-canary' ? undefined : healthyStatus(object);
    const policy = await canary.policyOf(app('v2'));
    const begunMs = canary.nowMs;

    await canary.drive(policy);

    expect(await canary.state()).toMatchObject({
      phase: 'aborted',
      message: expect.stringContaining('not healthy') as string,
    });
    expect(canary.nowMs - begunMs).toBeGreaterThanOrEqual(5_000);
    expect(await canary.image()).toBe('web:v1');
  });

  it('aborts a canary at once whose rollout failed', async () => {
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'it crashes' },
    ];
    canary.world.target.rollout = (object) =>
      object.metadata.name === 'web-canary'
        ? { ...healthyStatus(object), availableReplicas: 0, conditions }
        : healthyStatus(object);

    await canary.drive(await canary.policyOf(app('v2')));

    expect(await canary.state()).toMatchObject({
      phase: 'aborted',
      message: expect.stringContaining('web-canary') as string,
    });
    expect(canary.passed).not.toContain('canary-promoting');
  });

  it('gets as many replicas as it needs, and tells the real share where pods share alike', async () => {
    canary.world.target.sharing = 'replicas';
    const policy = await canary.policyOf(app('v2'));
    const shares: unknown[] = [];

    await canary.drive(policy, (world) => {
      const { canary: told } = world.lastReport as {
        readonly canary?: { readonly weight: number; readonly realShare: number };
      };
      shares.push(`${told?.weight} ${told?.realShare}`);
      return false;
    });

    // One beside four is a fifth; four beside four is half.
    expect(shares).toContain('10 20');
    expect(shares).toContain('50 50');
    expect(await canary.image()).toBe('web:v2');
    expect(await canary.weights()).toBeUndefined();
  });

  it('puts back what somebody removes while it waits, and leaves alone what it holds back', async () => {
    const policy = await canary.policyOf(app('v2'));
    await canary.drive(policy, () => canary.passed.includes('canary-weight-set'));
    const { target } = canary.world;
    await target.remove({ ...stateKey, name: 'settings-v2' }, {});
    await target.remove(canaryKey, {});

    await canary.pass(policy);

    expect(await target.get({ ...stateKey, name: 'settings-v2' })).toBeDefined();
    expect(await target.get(canaryKey)).toBeDefined();
    expect((await target.get({ ...stateKey, name: 'shared' }))?.['data']).toEqual({ value: 'v1' });
    expect(await target.get(serviceKey)).toBeDefined();
  });
});
