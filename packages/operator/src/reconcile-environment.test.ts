import { createSigningKey } from '@slipway/evidence';
import { healthyStatus } from '@slipway/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMap, deployment, openWorld, type OperatorWorld, stream } from '../test-support/operator-world.ts';
import type { EnvironmentPolicy } from './policy.ts';
import { reconcileEnvironment } from './reconcile-environment.ts';
import type { ReconcileResult } from './reconcile-host.ts';

const web = deployment('web', 'registry.test/web:1');
const webKey = { group: 'apps', kind: 'Deployment', namespace: 'guestbook-qa', name: 'web' };

describe('reconcileEnvironment', () => {
  let world: OperatorWorld;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(() => world.close());

  const pass = (policy: EnvironmentPolicy, signal = new AbortController().signal): Promise<ReconcileResult> =>
    reconcileEnvironment(world.services, policy, signal);
  const phases = (): readonly string[] => world.server.reports.map(({ phase, reason }) => `${phase} ${reason}`);

  it('applies what was authorised, in kind order, and reports it when it is healthy', async () => {
    const commit = await world.commit(stream(web, configMap('settings', 'a')));

    expect(await pass(await world.policyFor(commit))).toMatchObject({ kind: 'settled' });

    expect(world.target.writes).toEqual(['apply ConfigMap/settings', 'apply Deployment/web']);
    expect(phases()).toEqual(['running Applying', 'succeeded Healthy']);
    expect(world.server.reports.at(-1)).toMatchObject({
      revision: commit,
      renderDigest: await world.renderDigest(commit),
      written: 2,
      inventory: ['ConfigMap guestbook-qa/settings', 'Deployment.apps guestbook-qa/web'],
      observed: { 'Deployment.apps guestbook-qa/web': { generation: 1, status: 'current' } },
    });
  });

  it('writes nothing and reports once when nothing differs, however often it looks', async () => {
    const policy = await world.policyFor(await world.commit(stream(web, configMap('settings', 'a'))));
    await pass(policy);
    const written = world.target.writes.length;
    world.server.reports.length = 0;

    await pass(policy);
    await pass(policy);

    expect(world.target.writes).toHaveLength(written);
    expect(phases()).toEqual(['succeeded Healthy', 'succeeded Healthy']);
    expect(world.server.reports[0]).toMatchObject({ written: 0 });
  });

  it('applies while the server is away, and fails only because nobody heard of it', async () => {
    world.server.isAway = true;
    const policy = await world.policyFor(await world.commit(stream(web, configMap('settings', 'a'))));

    await expect(pass(policy)).rejects.toThrow('connection refused');
    expect(world.target.writes).toEqual(['apply ConfigMap/settings', 'apply Deployment/web']);

    world.server.isAway = false;
    await pass(policy);
    expect(phases()).toEqual(['succeeded Healthy']);
  });

  it('does nothing at all without an authorisation', async () => {
    const { authorisation: _authorisation, ...policy } = await world.policyFor(await world.commit(web));

    expect(await pass(policy)).toMatchObject({ kind: 'settled' });
    expect([world.target.writes, world.server.reports]).toEqual([[], []]);
  });

  it('applies nothing when the render is not the authorised one', async () => {
    const one = await world.commit(web);
    const other = await world.commit(deployment('web', 'registry.test/evil:2'));
    const policy = await world.policyFor(other, { predicate: { renderDigest: await world.renderDigest(one) } });

    expect(await pass(policy)).toMatchObject({ kind: 'stalled', error: { code: 'RENDER_MISMATCH' } });
    expect(world.target.writes).toEqual([]);
    expect(phases()).toEqual(['errored RENDER_MISMATCH']);
  });

  it.each([
    ['signed by another key', { key: createSigningKey() }],
    ['for another environment', { predicate: { environment: 'prod' } }],
    ['for another application', { predicate: { application: 'payroll' } }],
    ['that is another statement', { kind: 'deployment' as const }],
    ['without a revision', { predicate: { revision: 'HEAD' } }],
  ])('trusts no authorisation %s, and waits for another', async (_what, change) => {
    const policy = await world.policyFor(await world.commit(web), change);

    expect(await pass(policy)).toMatchObject({ kind: 'stalled', error: { code: 'AUTHORISATION_INVALID' } });
    expect([world.target.writes, world.server.reports]).toEqual([[], []]);
  });

  it('trusts no authorisation that was changed after it was signed', async () => {
    const policy = await world.policyFor(await world.commit(web));
    const envelope = JSON.parse(policy.authorisation ?? '') as { readonly payload: string };
    const text = Buffer.from(envelope.payload, 'base64').toString().replace('"qa"', '"qb"');
    const forged = JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') });

    expect(await pass({ ...policy, authorisation: forged })).toMatchObject({
      error: { code: 'AUTHORISATION_INVALID' },
    });
    expect(await pass({ ...policy, authorisation: 'nonsense' })).toMatchObject({
      error: { code: 'AUTHORISATION_INVALID' },
    });
    expect(world.target.writes).toEqual([]);
  });

  it.each([
    ['an object of another namespace', configMap('settings', 'a', 'guestbook-prod')],
    ['an object of no namespace', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n'],
    ['another namespace itself', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: guestbook-prod}\n'],
  ])('refuses %s before any write', async (_what, object) => {
    const policy = await world.policyFor(await world.commit(stream(web, object)));

    expect(await pass(policy)).toMatchObject({ error: { code: 'OBJECT_OUTSIDE_NAMESPACE' } });
    expect(world.target.writes).toEqual([]);
  });

  it('writes none of a render when one of its objects is refused', async () => {
    const bad = web.replace('replicas: 1', 'replicas: many').replace('name: web', 'name: zebra');
    const policy = await world.policyFor(await world.commit(stream(web, bad)));

    expect(await pass(policy)).toMatchObject({ error: { code: 'TARGET_OBJECT_INVALID' } });
    expect(world.target.writes).toEqual([]);
    expect(phases()).toEqual(['errored TARGET_OBJECT_INVALID']);
  });

  it('removes what left the render, and nothing that is not its own', async () => {
    await pass(await world.policyFor(await world.commit(stream(web, configMap('gone', 'a')))));
    await world.target.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'foreign', namespace: 'guestbook-qa' } },
      { fieldManager: 'somebody', isDryRun: false },
    );
    world.target.writes.length = 0;

    await pass(await world.policyFor(await world.commit(web)));

    expect(world.target.writes).toEqual(['remove ConfigMap/gone']);
    expect(world.server.reports.at(-1)).toMatchObject({ written: 1, inventory: ['Deployment.apps guestbook-qa/web'] });
  });

  it('never takes an empty render for an order to remove everything', async () => {
    await pass(await world.policyFor(await world.commit(web)));
    world.target.writes.length = 0;

    const result = await pass(await world.policyFor(await world.commit('# nothing\n')));

    expect(result).toMatchObject({ kind: 'stalled', error: { code: 'PRUNE_NEEDS_CONFIRMATION' } });
    expect(world.target.writes).toEqual([]);
  });

  it('does not take the health of an older generation for that of the new one', async () => {
    await pass(await world.policyFor(await world.commit(web)));
    world.target.rollout = () => undefined;
    const next = await world.commit(deployment('web', 'registry.test/web:2'));

    const result = await pass(await world.policyFor(next, { rolloutDeadlineMs: 150 }));

    // The Deployment still shows the healthy status of generation 1.
    expect((await world.target.get(webKey))?.['status']).toMatchObject({ observedGeneration: 1, availableReplicas: 1 });
    expect(result).toMatchObject({ kind: 'stalled', error: { code: 'ROLLOUT_DEADLINE' } });
    expect(phases().at(-1)).toBe('failed ROLLOUT_DEADLINE');
  });

  it('reports a rollout that failed as soon as it is known', async () => {
    world.target.rollout = (object) => ({
      ...healthyStatus(object),
      availableReplicas: 0,
      conditions: [
        { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'no pod became ready' },
      ],
    });

    const result = await pass(await world.policyFor(await world.commit(web), { rolloutDeadlineMs: 60_000 }));

    expect(result).toMatchObject({ kind: 'stalled', error: { code: 'ROLLOUT_FAILED' } });
    expect(world.server.reports.at(-1)).toMatchObject({ phase: 'failed', reason: 'ROLLOUT_FAILED', written: 1 });
  });

  it('ends the wait of a superseded pass without a word about it', async () => {
    world.target.rollout = () => undefined;
    const superseded = new AbortController();
    const running = pass(
      await world.policyFor(await world.commit(web), { rolloutDeadlineMs: 60_000 }),
      superseded.signal,
    );
    await expect.poll(() => world.target.writes).toEqual(['apply Deployment/web']);
    superseded.abort(new Error('a newer one'));

    await expect(running).rejects.toThrow('a newer one');
    expect(phases()).toEqual(['running Applying']);
  });

  it('finishes after a crash between two objects with the same end and no write twice', async () => {
    const policy = await world.policyFor(await world.commit(stream(web, configMap('a', '1'), configMap('b', '1'))));
    const crash = (name: string): Promise<void> =>
      name === 'object-applied' ? Promise.reject(new Error('killed')) : Promise.resolve();
    const signal = new AbortController().signal;

    await expect(reconcileEnvironment({ ...world.services, checkpoint: crash }, policy, signal)).rejects.toThrow(
      'killed',
    );
    await pass(policy);

    expect(world.target.writes).toEqual(['apply ConfigMap/a', 'apply ConfigMap/b', 'apply Deployment/web']);
    expect(phases().at(-1)).toBe('succeeded Healthy');
  });
});
