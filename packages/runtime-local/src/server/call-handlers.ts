import type { ApplyOutcome, KubeObject, ObjectKey } from '@slipway/ports';
import { randomUUID } from 'node:crypto';
import { hasLabels, keyOf } from '../objects/object-key.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { validatePart } from '../objects/parse-objects.ts';
import { planApply, type ApplyPlan } from '../objects/plan-apply.ts';
import type { Machine } from '../pods/machine.ts';
import type { PodSet } from '../pods/pod-set.ts';
import type { ServiceController } from '../services/service-controller.ts';
import type { CallHandlers } from './http-server.ts';
import { protocolVersion, type RuntimeCalls } from './protocol.ts';
import { readLogs } from './read-logs.ts';

export interface HandlerParts {
  readonly store: ObjectStore;
  readonly pods: PodSet;
  readonly services: ServiceController;
  readonly machine: Machine;
  readonly stop: () => Promise<void>;
}

/** What each call does. */
export function makeHandlers(parts: HandlerParts): CallHandlers {
  const { store, pods, services, machine } = parts;
  return {
    version: () =>
      Promise.resolve({
        name: 'slipway-runtime',
        protocol: protocolVersion,
        pid: process.pid,
        network: machine.network,
        root: machine.root,
      }),
    apply: (ask) => apply(parts, ask),
    get: ({ key }) => {
      const object = store.get(key)?.object;
      return Promise.resolve(object === undefined ? {} : { object });
    },
    list: ({ labels }) =>
      Promise.resolve({
        objects: store
          .list()
          .map((record) => record.object)
          .filter((object) => hasLabels(object, labels)),
      }),
    remove: async ({ key, labels }) => ({ isRemoved: await remove(parts, key, labels) }),
    address: (service) => {
      const port = services.address(service);
      return Promise.resolve(port === undefined ? {} : { port });
    },
    logs: async ({ namespace, name, tailLines }) => {
      const logs = pods
        .of({ namespace, deployment: name })
        .map((pod) => ({ pod: pod.record.name, files: pod.logFiles }));
      return { text: await readLogs(logs, tailLines) };
    },
    metrics: (service) => {
      const metrics = services.metrics(service, service.windowMs);
      return Promise.resolve(metrics === undefined ? {} : { metrics });
    },
    stop: async () => {
      await parts.stop();
      return {};
    },
  };
}

async function apply(parts: HandlerParts, ask: RuntimeCalls['apply']['ask']): Promise<ApplyOutcome> {
  const { store, services } = parts;
  validatePart(ask.object);
  const key = keyOf(ask.object);
  const request = {
    object: ask.object,
    fieldManager: ask.fieldManager,
    uid: randomUUID(),
    now: new Date().toISOString(),
  };
  if (ask.isDryRun) {
    const current = store.get(key);
    return outcome(planApply(current, request), current?.object);
  }
  let planned: { readonly plan: ApplyPlan; readonly before: KubeObject | undefined } | undefined;
  const stored = await store.update(key, (current) => {
    const plan = planApply(current, request);
    planned = { plan, before: current?.object };
    return plan.record;
  });
  // The caller may ask for the address next, and pods that start next find the Service.
  if (key.kind === 'Service') await services.reconcile();
  const record = store.get(key) ?? stored ?? planned?.plan.record;
  const { plan, before } = planned ?? { plan: planApply(undefined, request), before: undefined };
  return outcome({ ...plan, record: record ?? plan.record }, before);
}

function outcome(plan: ApplyPlan, before: KubeObject | undefined): ApplyOutcome {
  return {
    key: plan.record.key,
    action: plan.action,
    object: plan.record.object,
    ...(before === undefined ? {} : { before }),
  };
}

async function remove(parts: HandlerParts, key: ObjectKey, labels: Readonly<Record<string, string>>): Promise<boolean> {
  const { store, services } = parts;
  const removal = { isDone: false };
  await store.update(key, (current) => {
    removal.isDone = current !== undefined && hasLabels(current.object, labels);
    return removal.isDone ? undefined : current;
  });
  // A Namespace takes along what is in it.
  const inside =
    removal.isDone && key.kind === 'Namespace'
      ? store.list().filter((record) => record.key.namespace === key.name)
      : [];
  for (const record of inside) await store.update(record.key, () => undefined);
  if (removal.isDone) await services.reconcile();
  return removal.isDone;
}
