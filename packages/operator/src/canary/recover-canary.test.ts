import type { CanaryControl, CanaryStep, Digest } from '@slipway/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { app, canaryKey, CanaryWorld, errors, stateKey, usualSteps } from '../../test-support/canary-world.ts';
import type { EnvironmentPolicy } from '../policy.ts';

describe('a canary that something comes between', () => {
  let canary: CanaryWorld;
  afterEach(() => canary.close());

  const open = async (steps?: readonly CanaryStep[]): Promise<CanaryWorld> => (canary = await CanaryWorld.open(steps));

  /** Every way to die once on the way to an end, and the end that each comes to. */
  async function endsAfterCrashes(
    traffic: (world: CanaryWorld) => void,
  ): Promise<readonly (readonly [string, unknown])[]> {
    const run = async (crashAt?: number): Promise<readonly [CanaryWorld, unknown]> => {
      const world = await CanaryWorld.open();
      try {
        world.traffic = () => traffic(world);
        world.crashAt = crashAt;
        await world.drive(await world.policyOf(app('v2')));
        return [world, await world.picture()];
      } finally {
        await world.close();
      }
    };
    const [whole, expected] = await run();
    const ends: (readonly [string, unknown])[] = [['never', expected]];
    for (const [index, name] of whole.passed.entries()) {
      const [, picture] = await run(index);
      ends.push([`${index} ${name}`, picture]);
    }
    return ends;
  }

  it('comes to the same end, killed at any checkpoint on the way up', async () => {
    await open();

    const ends = await endsAfterCrashes((world) => world.answer(200, 20));

    const [first] = ends;
    for (const [at, picture] of ends) expect({ at, picture }).toEqual({ at, picture: first?.[1] });
    const names = ends.map(([at]) => at.replace(/^\d+ /, ''));
    for (const name of ['canary-state', 'canary-created', 'canary-weight-set', 'canary-measured', 'canary-promoting'])
      expect(names).toContain(name);
    for (const name of ['canary-replaced', 'canary-removed', 'canary-cleared']) expect(names).toContain(name);
  }, 240_000);

  it('comes to the same end, killed at any checkpoint on the way to an abort', async () => {
    await open();

    const ends = await endsAfterCrashes((world) => world.answer(500, 20));

    const [first] = ends;
    expect(first?.[1]).toMatchObject([{ phase: 'aborted' }, {}, {}, {}, {}, {}]);
    // The words of the reason tell the values that were measured; they are the same here too.
    for (const [at, picture] of ends) expect({ at, picture }).toEqual({ at, picture: first?.[1] });
    expect(ends.map(([at]) => at.replace(/^\d+ /, ''))).toContain('canary-aborted');
  }, 240_000);

  it.each([
    ['promotes', 200, 'promoted', 'web:v2'],
    ['aborts', 500, 'aborted', 'web:v1'],
  ])('%s while the server is away, and tells it when it is back', async (_what, status, phase, image) => {
    await open();
    canary.traffic = () => canary.answer(status, 20);
    canary.isServerAway = true;
    const policy = await canary.policyOf(app('v2'));

    for (let count = 0; count < 80; count++) {
      const now = await canary.state();
      if (now['phase'] === phase && JSON.stringify(now['deployments']) === '["web"]') break;
      const result = await canary.pass(policy).catch(() => undefined);
      canary.nowMs += result?.kind === 'waiting' ? result.retryAfterMs : 1_000;
      canary.traffic();
    }
    expect(await canary.state()).toMatchObject({ phase });
    expect(await canary.image()).toBe(image);
    expect(canary.world.server.reports).toEqual([]);

    canary.isServerAway = false;
    await canary.drive(policy);
    expect(canary.lastReport).toMatchObject({
      phase: phase === 'promoted' ? 'succeeded' : 'aborted',
      canary: { phase },
    });
  });

  it('asks again soon when the server did not take the end', async () => {
    await open();
    canary.traffic = () => canary.answer(500, 20);
    const policy = await canary.policyOf(app('v2'));
    await canary.drive(policy);
    canary.isServerAway = true;

    expect(await canary.pass(policy)).toMatchObject({ kind: 'waiting', retryAfterMs: 5_000 });
  });

  it('gives way to a newer render: its share and pods go first, then the new canary begins', async () => {
    await open();
    const isHalf = (world: CanaryWorld): boolean => JSON.stringify(world.lastReport).includes('"weight":50');
    await canary.drive(await canary.policyOf(app('v2')), isHalf);
    const next = await canary.policyOf(app('v3'));
    canary.world.target.writes.length = 0;

    const result = await canary.pass(next);

    expect(result).toMatchObject({ kind: 'waiting' });
    expect(await canary.weights()).toEqual({ web: 100, 'web-canary': 0 });
    expect(await canary.world.target.get(canaryKey)).toBeUndefined();
    expect(canary.lastReport).toMatchObject({ phase: 'running', reason: 'CanaryReplaced' });

    await canary.drive(next);
    expect(await canary.image()).toBe('web:v3');
    const { writes } = canary.world.target;
    expect(writes.indexOf('remove Deployment/web-canary')).toBeLessThan(writes.indexOf('apply Deployment/web-canary'));
    const names = (await canary.world.target.list({})).map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(['settings-v3', 'shared', stateKey.name, 'web', 'web']);
  });

  it('ends when the authorisation goes back to what is live', async () => {
    await open();
    const live = await canary.policyOf(app('v1'));
    await canary.drive(await canary.policyOf(app('v2')), () => canary.passed.includes('canary-measured'));

    await canary.drive(live);

    expect(await canary.image()).toBe('web:v1');
    expect(await canary.weights()).toBeUndefined();
    expect(await canary.world.target.get(canaryKey)).toBeUndefined();
    expect(await canary.world.target.get({ ...stateKey, name: 'settings-v2' })).toBeUndefined();
    expect(canary.lastReport).toMatchObject({ phase: 'succeeded' });
  });

  it('tries an aborted render again when it was authorised anew after what is live', async () => {
    await open();
    const bad = await canary.policyOf(app('v2'));
    canary.traffic = () => canary.answer(500, 20);
    await canary.drive(bad);
    await canary.drive(await canary.policyOf(app('v1')));

    canary.traffic = () => canary.answer(200, 20);
    canary.nowMs += 60_000;
    await canary.drive(bad);

    expect(await canary.image()).toBe('web:v2');
  });

  it('ends at once by a render that is authorised as rolling', async () => {
    await open();
    await canary.drive(await canary.policyOf(app('v2')), () => canary.passed.includes('canary-measured'));

    await canary.drive(await canary.policyOf(app('v3'), { kind: 'rolling' }));

    expect(await canary.image()).toBe('web:v3');
    expect(await canary.world.target.get(canaryKey)).toBeUndefined();
    expect(await canary.state()).toMatchObject({ phase: 'promoted' });
  });

  it.each([
    ['was removed', undefined],
    ['is nonsense', '{"phase":"progressing"'],
    ['is not what we write', '{"phase":"progressing","step":"all"}'],
  ])('begins anew when its state %s', async (_what, text) => {
    await open();
    const policy = await canary.policyOf(app('v2'));
    await canary.drive(policy, () => canary.passed.includes('canary-measured'));
    const { target } = canary.world;
    await target.remove(stateKey, {});
    const metadata = { name: stateKey.name, namespace: stateKey.namespace };
    const spoilt = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { state: text } };
    // By our own manager, as a restored backup would be.
    if (text !== undefined) await target.apply(spoilt, { fieldManager: 'slipway-canary', isDryRun: false });
    target.writes.length = 0;

    await canary.drive(policy);

    const removed = target.writes.indexOf('remove Deployment/web-canary');
    expect(removed).toBeGreaterThan(-1);
    expect(target.writes.indexOf('apply Deployment/web-canary')).toBeGreaterThan(removed);
    expect(await canary.image()).toBe('web:v2');
    expect(await canary.weights()).toBeUndefined();
  });

  it('refuses a canary whose name is taken, and applies nothing', async () => {
    await open();
    const other = `---\n${app('v2').split('---\n')[0] ?? ''}`.replace('name: web,', 'name: web-canary,');

    const result = await canary.pass(await canary.policyOf(`${app('v2')}${other}`));

    expect(result).toMatchObject({ kind: 'stalled', error: { code: 'CANARY_NAME_TAKEN' } });
    expect(canary.world.target.writes).toEqual([]);
  });

  describe('and a person', () => {
    const word = (policy: EnvironmentPolicy, more: Pick<CanaryControl, 'action' | 'step'>, digest?: Digest) => ({
      ...policy,
      canaryControl: { by: 'ada', at: '2026-01-02T03:00:00Z', renderDigest: digest ?? digestOf(), ...more },
    });
    const digestOf = (): Digest => (canary.lastReport as { readonly renderDigest: Digest }).renderDigest;

    it('waits for one where no provider answers, is neither aborted nor passed, and goes on by their word', async () => {
      await open();
      const policy = await canary.policyOf(app('v2'));
      canary.metrics.isReachable = false;
      const isSilent = (world: CanaryWorld): boolean =>
        JSON.stringify(world.lastReport).includes('"phase":"inconclusive"');
      await canary.drive(policy, isSilent);

      expect(canary.lastReport).toMatchObject({
        phase: 'running',
        canary: { phase: 'inconclusive', step: 2, weight: 10 },
      });
      canary.nowMs += 86_400_000;
      expect(await canary.pass(policy)).toMatchObject({ kind: 'waiting', retryAfterMs: 60_000 });
      expect(await canary.weights()).toEqual({ web: 90, 'web-canary': 10 });
      // Said of another step, or of another render: it is not meant.
      await canary.pass(word(policy, { action: 'resume', step: 1 }));
      await canary.pass(word(policy, { action: 'resume', step: 2 }, `sha256:${'0'.repeat(64)}` as Digest));
      expect(await canary.state()).toMatchObject({ phase: 'inconclusive' });

      await canary.drive(word(policy, { action: 'resume', step: 2 }));
      expect(await canary.image()).toBe('web:v2');
    });

    it('waits for one where nobody calls the canary', async () => {
      await open();
      canary.traffic = () => undefined;
      const policy = await canary.policyOf(app('v2'));

      await canary.drive(policy, (world) => JSON.stringify(world.lastReport).includes('"phase":"inconclusive"'));

      expect(canary.lastReport).toMatchObject({ canary: { message: expect.stringContaining('no data') as string } });
    });

    it('waits at a pause without an end, and is aborted by their word', async () => {
      await open([...usualSteps.slice(0, 1), { kind: 'pause' }]);
      const policy = await canary.policyOf(app('v2'));
      await canary.drive(policy, (world) => JSON.stringify(world.lastReport).includes('"phase":"paused"'));

      await canary.drive(word(policy, { action: 'abort', step: 1 }));

      expect(await canary.state()).toMatchObject({ phase: 'aborted', message: 'ada aborted the canary.' });
      expect(await canary.image()).toBe('web:v1');
    });
  });

  it('compares with what is stable, over the same time', async () => {
    const { success: _success, ...asked } = errors;
    const bound = { kind: 'baseline', factor: 1, offset: 0.02 } as const;
    await open([
      { kind: 'weight', percent: 10 },
      { kind: 'pause', durationMs: 5_000 },
      { kind: 'analysis', metrics: [{ ...asked, success: { comparison: '<=', bound } }] },
    ]);
    canary.traffic = () => canary.answer(500, 1);
    await canary.drive(await canary.policyOf(app('v2')));

    expect(await canary.state()).toMatchObject({ phase: 'aborted' });
    expect(canary.lastReport).toMatchObject({
      canary: { metrics: [{ value: 1, baseline: 0, limit: '<= baseline + 0.02 (0.02)' }] },
    });
    const [first, second] = canary.metrics.asked;
    expect([first?.deployment, second?.deployment]).toEqual(['web-canary', 'web']);
    expect(first?.windowMs).toBe(second?.windowMs);
    expect(first?.windowMs).toBeLessThan(60_000);
  });
});
