import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMap, deployment, openWorld, type OperatorWorld, stream } from '../test-support/operator-world.ts';
import type { PassReport } from './reconcile-host.ts';
import { runOperator } from './run-operator.ts';

const settings = { group: '', kind: 'ConfigMap', namespace: 'guestbook-qa', name: 'settings' };
const owner = { 'slipway.dev/application': 'guestbook', 'slipway.dev/environment': 'qa' };

describe('runOperator', () => {
  let world: OperatorWorld;
  const passes: PassReport[] = [];
  let ending: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    world = await openWorld();
    passes.length = 0;
    ending = new AbortController();
    running = runOperator(world.services, {
      concurrency: 2,
      onPass: (report) => void passes.push(report),
      signal: ending.signal,
    });
  });
  afterEach(async () => {
    ending.abort();
    await running;
    await world.close();
  });

  const healthy = (revision: string): Promise<void> =>
    expect
      .poll(() => world.server.reports.some((report) => report.revision === revision && report.phase === 'succeeded'))
      .toBe(true);

  it('brings a policy that it hears of into the target', async () => {
    const commit = await world.commit(deployment('web', 'registry.test/web:1'));
    world.server.set([await world.policyFor(commit)]);

    await healthy(commit);
    expect(world.target.writes).toEqual(['apply Deployment/web']);
  });

  it('ends the wait for an older authorisation when a newer one comes', async () => {
    world.target.rollout = () => undefined;
    const stuck = await world.commit(deployment('web', 'registry.test/web:1'));
    world.server.set([await world.policyFor(stuck, { rolloutDeadlineMs: 600_000 })]);
    await expect.poll(() => world.target.writes.length).toBe(1);

    const next = await world.commit(configMap('settings', 'a'));
    world.server.set([await world.policyFor(next, { rolloutDeadlineMs: 600_000 })]);

    await healthy(next);
    expect(passes.some((report) => report.outcome === 'superseded')).toBe(true);
    expect(world.server.reports.some((report) => report.revision === stuck && report.phase !== 'running')).toBe(false);
  });

  it('puts back what somebody removed', async () => {
    const commit = await world.commit(stream(configMap('settings', 'a'), configMap('other', 'a')));
    world.server.set([await world.policyFor(commit)]);
    await healthy(commit);

    await world.target.remove(settings, owner);

    await expect.poll(() => world.target.get(settings)).toMatchObject({ data: { value: 'a' } });
  });

  it('repairs while the server is away, and reports when it is back', async () => {
    const commit = await world.commit(stream(configMap('settings', 'a'), configMap('other', 'a')));
    const policy = await world.policyFor(commit);
    world.server.set([policy]);
    await healthy(commit);
    world.server.isAway = true;
    world.server.reports.length = 0;

    await world.target.remove(settings, owner);
    await expect.poll(() => world.target.get(settings)).toMatchObject({ data: { value: 'a' } });
    await expect.poll(() => passes.filter((report) => report.outcome === 'errored').length).toBeGreaterThan(0);
    expect(world.server.reports).toEqual([]);

    world.server.isAway = false;
    world.server.set([policy]);
    await healthy(commit);
  });

  it('looks again when somebody changed an object that has no generation', async () => {
    const commit = await world.commit(configMap('settings', 'a'));
    world.server.set([await world.policyFor(commit)]);
    await healthy(commit);
    const before = passes.length;

    await world.target.apply(
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace: 'guestbook-qa' },
        data: { more: 'b' },
      },
      { fieldManager: 'somebody', isDryRun: false },
    );

    await expect.poll(() => passes.length).toBeGreaterThan(before);
  });

  it('leaves an environment alone that is no longer its own', async () => {
    const commit = await world.commit(configMap('settings', 'a'));
    world.server.set([await world.policyFor(commit)]);
    await healthy(commit);
    world.server.set([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = world.target.writes.length;

    await world.target.remove(settings, owner);
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(world.target.writes.slice(before)).toEqual(['remove ConfigMap/settings']);
  });

  it('ends, with its watch of the target, when the server’s stream breaks for good', async () => {
    const broken = {
      ...world.services,
      server: {
        watch: async function* () {
          yield [];
          throw new Error('gone');
        },
        report: () => Promise.resolve(),
      },
    };

    await expect(
      runOperator(broken, { concurrency: 1, onPass: () => undefined, signal: ending.signal }),
    ).rejects.toThrow('gone');
  });
});
