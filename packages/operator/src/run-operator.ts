import { setTimeout as sleep } from 'node:timers/promises';
import { type EnvironmentPolicy, policyKey } from './policy.ts';
import { type OperatorServices, reconcileEnvironment } from './reconcile-environment.ts';
import { type PassReport, ReconcileHost } from './reconcile-host.ts';

export interface OperatorOptions {
  readonly concurrency: number;
  readonly onPass: (report: PassReport) => void;
  readonly signal: AbortSignal;
}

/** Runs until the signal: policies from the server and events of the target wake the environments they are about. */
export async function runOperator(services: OperatorServices, options: OperatorOptions): Promise<void> {
  const policies = new Map<string, EnvironmentPolicy>();
  const host = new ReconcileHost(
    async (key, signal) => {
      const policy = policies.get(key);
      return policy === undefined
        ? { kind: 'settled', nextCheckMs: 60_000 }
        : reconcileEnvironment(services, policy, signal);
    },
    { concurrency: options.concurrency, onPass: options.onPass },
  );
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const drift = watchDrift(services, (key) => (policies.has(key) ? host.wake(key) : undefined), signal);
  try {
    for await (const current of services.server.watch(signal)) {
      takePolicies(current, policies, host);
      // The server is back: what could not be fetched or reported without it can be now.
      host.retryErrored();
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    ended.abort();
    await host.stop();
    await drift;
  }
}

/** A policy with another authorisation ends the wait for the older one. */
function takePolicies(
  current: readonly EnvironmentPolicy[],
  known: Map<string, EnvironmentPolicy>,
  host: ReconcileHost,
): void {
  const keys = new Set(current.map(policyKey));
  for (const key of [...known.keys()].filter((one) => !keys.has(one))) {
    known.delete(key);
    host.forget(key);
  }
  for (const policy of current) {
    const key = policyKey(policy);
    const before = known.get(key);
    known.set(key, policy);
    const isNew = JSON.stringify(before) !== JSON.stringify(policy);
    if (isNew) host.wake(key, { isSuperseding: before?.authorisation !== policy.authorisation });
  }
}

/** A change of an object's desired part, or its end, wakes the environment it belongs to; changes of status alone do not. */
async function watchDrift(services: OperatorServices, wake: (key: string) => void, signal: AbortSignal): Promise<void> {
  const generations = new Map<string, string>();
  while (!signal.aborted) {
    try {
      for await (const event of services.target.watch({}, { signal })) {
        const { labels, name, namespace, generation, resourceVersion } = event.object.metadata;
        const application = labels?.['slipway.dev/application'] ?? labels?.['slipway.dev/canary-application'];
        const environment = labels?.['slipway.dev/environment'] ?? labels?.['slipway.dev/canary-environment'];
        if (application === undefined || environment === undefined) continue;
        const id = `${event.object.kind}/${namespace ?? ''}/${name}`;
        // A kind without a generation (a ConfigMap) has no status either: every new version of it is a change.
        const state = event.kind === 'deleted' ? 'deleted' : String(generation ?? resourceVersion ?? '');
        const before = generations.get(id);
        generations.set(id, state);
        if (before !== undefined && before !== state) wake(`${application}/${environment}`);
      }
    } catch {
      // The target is away: the watch starts anew, and the passes themselves report it.
    }
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}
