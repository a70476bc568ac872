import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApplyOutcome, KubeObject, ObjectKey, Target, TargetEvent } from '../target.ts';

/** A target to try, with what this suite needs there. */
export interface TargetHarness {
  readonly target: Target;
  /** An existing namespace that nobody else uses. */
  readonly namespace: string;
  /** By digest; serves HTTP 200 on `GET /` at port 8080 and prints a line when it starts. */
  readonly image: string;
  readonly close: () => Promise<void>;
}

const labels = { 'slipway.dev/application': 'contract', 'slipway.dev/environment': 'qa' };
const deadlineMs = 60_000;

/** What every target keeps; run it on each adapter. */
export function targetContract(name: string, make: () => Promise<TargetHarness>): void {
  describe(`target contract: ${name}`, () => {
    let harness: TargetHarness;
    const apply = (
      object: KubeObject,
      more: { readonly fieldManager?: string; readonly isDryRun?: boolean } = {},
    ): Promise<ApplyOutcome> => harness.target.apply(object, { fieldManager: 'contract', isDryRun: false, ...more });

    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());

    it('creates once, and leaves an equal object and its resourceVersion alone', async () => {
      const created = await apply(configMap('once', { a: '1' }));
      const again = await apply(configMap('once', { a: '1' }));

      expect(created.action).toBe('created');
      expect(created.before).toBeUndefined();
      expect(again.action).toBe('unchanged');
      expect(again.object.metadata.resourceVersion).toBe(created.object.metadata.resourceVersion);
      expect(created.object.metadata.uid).toBeTruthy();
    });

    it('says what a dry run would do and writes nothing', async () => {
      const created = await apply(configMap('dry', { a: '1' }), { isDryRun: true });
      expect(created.action).toBe('created');
      expect(await harness.target.get(keyOf('', 'ConfigMap', 'dry'))).toBeUndefined();

      await apply(configMap('dry', { a: '1' }));
      const changed = await apply(configMap('dry', { a: '2' }), { isDryRun: true });
      expect(changed.action).toBe('configured');
      expect(changed.object['data']).toEqual({ a: '2' });
      expect((await harness.target.get(keyOf('', 'ConfigMap', 'dry')))?.['data']).toEqual({ a: '1' });
    });

    it('removes a field that its manager no longer applies', async () => {
      await apply(configMap('fields', { a: '1', b: '2' }));
      const outcome = await apply(configMap('fields', { a: '1' }));

      expect(outcome.action).toBe('configured');
      expect(outcome.before?.['data']).toEqual({ a: '1', b: '2' });
      expect(outcome.object['data']).toEqual({ a: '1' });
    });

    it('refuses a field that another manager owns with another value, and shares what agrees', async () => {
      await apply(configMap('shared', { a: '1' }));
      const shared = await apply(configMap('shared', { b: '2' }), { fieldManager: 'other' });
      expect(shared.object['data']).toEqual({ a: '1', b: '2' });

      await expect(apply(configMap('shared', { a: 'mine' }), { fieldManager: 'other' })).rejects.toMatchObject({
        code: 'TARGET_CONFLICT',
      });
      expect((await harness.target.get(keyOf('', 'ConfigMap', 'shared')))?.['data']).toEqual({ a: '1', b: '2' });
    });

    it('lets a second manager say one annotation of an object and take it back, without the rest of it', async () => {
      await apply(service('shared'));
      const { name: objectName, namespace } = service('shared').metadata;
      const part = (annotations?: Readonly<Record<string, string>>): KubeObject => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: objectName,
          ...(namespace === undefined ? {} : { namespace }),
          ...(annotations && { annotations }),
        },
      });

      const said = await apply(part({ 'contract.slipway.dev/note': 'x' }), { fieldManager: 'other' });
      expect(said.object.metadata.annotations).toMatchObject({ 'contract.slipway.dev/note': 'x' });
      expect(said.object['spec']).toMatchObject({ selector: { app: 'shared' } });
      expect((await apply(service('shared'))).action).toBe('unchanged');

      const taken = await apply(part(), { fieldManager: 'other' });
      expect(taken.object.metadata.annotations?.['contract.slipway.dev/note']).toBeUndefined();
      expect(taken.object['spec']).toMatchObject({ selector: { app: 'shared' } });
    });

    it('refuses a kind that it does not run, and a faulty object by the path of its field', async () => {
      const nonsense: KubeObject = {
        apiVersion: 'contract.slipway.dev/v1',
        kind: 'Nonsense',
        metadata: { name: 'x', namespace: harness.namespace },
      };
      await expect(apply(nonsense)).rejects.toMatchObject({ code: 'TARGET_KIND_UNSUPPORTED' });

      const faulty = deployment('faulty', { replicas: 'many' });
      await expect(apply(faulty)).rejects.toMatchObject({
        code: 'TARGET_OBJECT_INVALID',
        message: expect.stringContaining('spec.replicas') as string,
      });
    });

    it('lists what carries every label, and nothing else', async () => {
      await apply(configMap('listed', {}, { ...labels, part: 'list' }));
      await apply(configMap('unlisted', {}, { part: 'list' }));

      const found = await harness.target.list({ ...labels, part: 'list' });
      expect(found.map((object) => object.metadata.name)).toEqual(['listed']);
    });

    it('removes only what still carries the labels', async () => {
      await apply(configMap('owned', {}));
      const key = keyOf('', 'ConfigMap', 'owned');

      expect(await harness.target.remove(key, { 'slipway.dev/application': 'other' })).toBe(false);
      expect(await harness.target.get(key)).toBeDefined();
      expect(await harness.target.remove(key, labels)).toBe(true);
      expect(await harness.target.get(key)).toBeUndefined();
      expect(await harness.target.remove(key, labels)).toBe(false);
    });

    it('watches: first what is there, then each change, then the deletion', async () => {
      const watched = { ...labels, part: 'watch' };
      await apply(configMap('watched', { a: '1' }, watched));
      const ended = new AbortController();
      const events = harness.target.watch(watched, { signal: ended.signal })[Symbol.asyncIterator]();

      expect(summary(await next(events))).toEqual(['changed', 'watched', { a: '1' }]);
      await apply(configMap('watched', { a: '2' }, watched));
      expect(summary(await next(events))).toEqual(['changed', 'watched', { a: '2' }]);
      await harness.target.remove(keyOf('', 'ConfigMap', 'watched'), watched);
      expect(summary(await next(events))).toEqual(['deleted', 'watched', { a: '2' }]);

      ended.abort();
      expect((await events.next()).done).toBe(true);
    });

    it('runs a Deployment behind a Service until it is healthy, and grows its generation with the spec only', async () => {
      await apply(service('web'));
      const created = await apply(deployment('web', { replicas: 1 }));
      expect(created.object.metadata.generation).toBe(1);
      const live = await untilHealthy('web');
      expect(live.metadata.generation).toBe(1);

      const address = await harness.target.serviceAddress({ namespace: harness.namespace, name: 'web', port: 80 });
      expect(address).toBeDefined();
      expect((await fetch(`http://${address?.host}:${address?.port}/`)).status).toBe(200);
      expect(
        await harness.target.serviceAddress({ namespace: harness.namespace, name: 'none', port: 80 }),
      ).toBeUndefined();
      expect(await harness.target.logs({ namespace: harness.namespace, name: 'web' })).toMatch(/^web-\S+ \S/);

      const relabelled = await apply(deployment('web', { replicas: 1 }, { tier: 'front' }));
      expect(relabelled.action).toBe('configured');
      expect(relabelled.object.metadata.generation).toBe(1);
      const scaled = await apply(deployment('web', { replicas: 2 }, { tier: 'front' }));
      expect(scaled.object.metadata.generation).toBe(2);
      const after = await untilHealthy('web');
      expect(after['status']).toMatchObject({ observedGeneration: 2, readyReplicas: 2, updatedReplicas: 2 });
    });

    function keyOf(group: string, kind: string, objectName: string): ObjectKey {
      return { group, kind, namespace: harness.namespace, name: objectName };
    }

    function configMap(
      objectName: string,
      data: Readonly<Record<string, string>>,
      more: Readonly<Record<string, string>> = labels,
    ): KubeObject {
      return {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: objectName, namespace: harness.namespace, labels: more },
        data,
      };
    }

    function service(objectName: string): KubeObject {
      const metadata = { name: objectName, namespace: harness.namespace, labels };
      return {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: { app: objectName }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
      };
    }

    function deployment(objectName: string, spec: object, more: Readonly<Record<string, string>> = {}): KubeObject {
      const probe = { httpGet: { path: '/', port: 8080 } };
      const container = { name: 'main', image: harness.image, ports: [{ containerPort: 8080 }], readinessProbe: probe };
      const template = {
        metadata: { labels: { app: objectName } },
        spec: { terminationGracePeriodSeconds: 1, containers: [container] },
      };
      const metadata = { name: objectName, namespace: harness.namespace, labels: { ...labels, ...more } };
      return {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { selector: { matchLabels: { app: objectName } }, template, ...spec },
      };
    }

    async function untilHealthy(objectName: string): Promise<KubeObject> {
      const until = performance.now() + deadlineMs;
      for (;;) {
        const live = await harness.target.get(keyOf('apps', 'Deployment', objectName));
        if (live !== undefined && isHealthy(live)) return live;
        if (performance.now() > until)
          throw new Error(`${objectName} is not healthy: ${JSON.stringify(live?.['status'])}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  });
}

/** kstatus' rule for Deployments, as far as this suite needs it. */
function isHealthy(live: KubeObject): boolean {
  const status = (live['status'] ?? {}) as Readonly<Record<string, unknown>>;
  const conditions = (status['conditions'] ?? []) as readonly Readonly<Record<string, unknown>>[];
  const isObserved = status['observedGeneration'] === live.metadata.generation;
  const isDone = conditions.some(
    (condition) => condition['type'] === 'Progressing' && condition['reason'] === 'NewReplicaSetAvailable',
  );
  const isAvailable = conditions.some(
    (condition) => condition['type'] === 'Available' && condition['status'] === 'True',
  );
  const replicas = (live['spec'] as { readonly replicas?: number }).replicas ?? 1;
  return (
    isObserved && isDone && isAvailable && status['replicas'] === replicas && status['availableReplicas'] === replicas
  );
}

async function next(events: AsyncIterator<TargetEvent>): Promise<TargetEvent> {
  const result = await events.next();
  if (result.done === true) throw new Error('the watch ended');
  return result.value;
}

function summary(event: TargetEvent): readonly unknown[] {
  return [event.kind, event.object.metadata.name, event.object['data']];
}
