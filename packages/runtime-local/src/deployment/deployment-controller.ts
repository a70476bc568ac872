import { isDeepStrictEqual } from 'node:util';
import type { ObjectRecord, ReplicaSet } from '../objects/object-record.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { parseDeployment } from '../objects/parse-objects.ts';
import type { DeploymentSpec } from '../objects/workload.ts';
import type { Pod } from '../pods/pod.ts';
import type { PodSet } from '../pods/pod-set.ts';
import { deadlineOf, nextDeploymentStatus, type DeploymentStatus } from './deployment-status.ts';
import { planRollout, resolveBounds, type RevisionFacts } from './plan-rollout.ts';
import { hashTemplate } from './template-hash.ts';

/** Brings pods in line with stored Deployments, one step at a time; every step may be the last one before a crash. */
export class DeploymentController {
  readonly #store: ObjectStore;
  readonly #pods: PodSet;

  constructor(store: ObjectStore, pods: PodSet) {
    this.#store = store;
    this.#pods = pods;
  }

  /**
   * One pass over all Deployments.
   *
   * @returns milliseconds until something changes by time alone; absent when nothing will.
   */
  async reconcile(report: (deployment: string, error: unknown) => void): Promise<number | undefined> {
    const records = this.#store.list().filter((record) => record.key.kind === 'Deployment');
    this.#endOrphans(records);
    let nextMs: number | undefined;
    for (const record of records) {
      try {
        const ms = await this.#reconcileOne(record);
        if (ms !== undefined) nextMs = Math.min(nextMs ?? ms, ms);
      } catch (error) {
        report(`${record.key.namespace}/${record.key.name}`, error);
        nextMs = Math.min(nextMs ?? 5000, 5000);
      }
    }
    return nextMs;
  }

  #endOrphans(records: readonly ObjectRecord[]): void {
    for (const pod of this.#pods.all()) {
      const isOwned = records.some(
        ({ key }) => key.namespace === pod.record.namespace && key.name === pod.record.deployment,
      );
      if (!isOwned || pod.isLost) void pod.end();
    }
  }

  async #reconcileOne(record: ObjectRecord): Promise<number | undefined> {
    const spec = parseDeployment(record.object);
    const hash = hashTemplate(templateOf(record));
    const pods = this.#pods.of({ namespace: record.key.namespace, deployment: record.key.name });
    const sets = this.#planSets(withRevision(record.replicaSets ?? [], hash, spec), spec, pods);
    await this.#saveSets(record, sets);
    for (const set of sets) await this.#scale(record, set, pods);
    for (const pod of pods) if (!sets.some((set) => set.hash === pod.record.revision)) void pod.end();
    return this.#saveStatus(record, spec, hash);
  }

  #planSets(sets: readonly ReplicaSet[], spec: DeploymentSpec, pods: readonly Pod[]): readonly ReplicaSet[] {
    const facts = sets.map((set) => revisionFacts(set, spec, pods));
    const wanted = facts.at(-1);
    if (wanted === undefined) return sets;
    const olderEnding = pods.filter((pod) => pod.isEnding && pod.record.revision !== wanted.hash).length;
    const plan = planRollout({
      replicas: spec.replicas,
      strategy: spec.strategy,
      wanted,
      older: facts.slice(0, -1),
      olderEnding,
    });
    const planned = sets.map((set) => ({ ...set, replicas: plan.get(set.hash) ?? set.replicas }));
    const isKept = (set: ReplicaSet) =>
      set.hash === wanted.hash || set.replicas > 0 || pods.some((pod) => pod.record.revision === set.hash);
    return planned.filter(isKept);
  }

  async #saveSets(record: ObjectRecord, sets: readonly ReplicaSet[]): Promise<void> {
    await this.#store.update(record.key, (current) => {
      const isSame =
        current === undefined ||
        current.object.metadata.uid !== record.object.metadata.uid ||
        isDeepStrictEqual(current.replicaSets, sets);
      return isSame ? current : { ...current, replicaSets: sets };
    });
  }

  async #scale(record: ObjectRecord, set: ReplicaSet, pods: readonly Pod[]): Promise<void> {
    const live = pods.filter((pod) => pod.record.revision === set.hash && !pod.isEnding && !pod.isLost);
    const { namespace, name } = record.key;
    for (let count = live.length; count < set.replicas; count += 1) {
      await this.#pods.create({ namespace, deployment: name, revision: set.hash, template: set.template });
    }
    // Whoever serves nobody goes first, then the youngest.
    const leaving = [...live].reverse().sort((a, b) => Number(a.isReady) - Number(b.isReady));
    for (const pod of leaving.slice(0, Math.max(0, live.length - set.replicas))) void pod.end();
  }

  async #saveStatus(record: ObjectRecord, spec: DeploymentSpec, hash: string): Promise<number | undefined> {
    const live = this.#pods
      .of({ namespace: record.key.namespace, deployment: record.key.name })
      .filter((pod) => !pod.isEnding && !pod.isLost);
    const updated = live.filter((pod) => pod.record.revision === hash);
    const trouble = updated.find((pod) => pod.trouble !== undefined && pod.trouble !== 'Pending')?.trouble;
    const now = new Date();
    let next: DeploymentStatus | undefined;
    await this.#store.update(record.key, (current) => {
      // Applied again meanwhile: the next pass judges the newer one.
      if (current === undefined || current.object.metadata.generation !== record.object.metadata.generation)
        return current;
      const before = asStatus(current.object['status']);
      const facts = {
        generation: current.object.metadata.generation ?? 1,
        desired: spec.replicas,
        minAvailable: spec.replicas - resolveBounds(spec.replicas, spec.strategy).unavailable,
        progressDeadlineSeconds: spec.progressDeadlineSeconds,
        revision: hash,
        replicas: live.length,
        updated: updated.length,
        ready: live.filter((pod) => pod.isReady).length,
        available: live.filter((pod) => isAvailable(pod, spec)).length,
        now: now.toISOString(),
        ...(trouble === undefined ? {} : { trouble }),
      };
      next = nextDeploymentStatus(facts, before);
      return isDeepStrictEqual(next, before) ? current : { ...current, object: { ...current.object, status: next } };
    });
    return next === undefined ? 0 : nextPassMs({ status: next, spec, live, now: now.getTime() });
  }
}

function nextPassMs(facts: {
  readonly status: DeploymentStatus;
  readonly spec: DeploymentSpec;
  readonly live: readonly Pod[];
  readonly now: number;
}): number | undefined {
  const { status, spec, live, now } = facts;
  const deadline = deadlineOf(status, spec.progressDeadlineSeconds);
  const waits = live
    .flatMap((pod) => (pod.readyForMs === undefined ? [] : [spec.minReadySeconds * 1000 - pod.readyForMs]))
    .filter((ms) => ms > 0);
  if (deadline !== undefined) waits.push(Math.max(1, deadline - now));
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function revisionFacts(set: ReplicaSet, spec: DeploymentSpec, pods: readonly Pod[]): RevisionFacts {
  const live = pods.filter((pod) => pod.record.revision === set.hash && !pod.isEnding && !pod.isLost);
  return {
    hash: set.hash,
    replicas: set.replicas,
    live: live.length,
    available: live.filter((pod) => isAvailable(pod, spec)).length,
  };
}

function isAvailable(pod: Pod, spec: DeploymentSpec): boolean {
  return pod.readyForMs !== undefined && pod.readyForMs >= spec.minReadySeconds * 1000;
}

/** The wanted revision comes last, a new one with no pods yet. */
function withRevision(sets: readonly ReplicaSet[], hash: string, spec: DeploymentSpec): readonly ReplicaSet[] {
  const found = sets.find((set) => set.hash === hash);
  const others = sets.filter((set) => set.hash !== hash);
  return [...others, found ?? { hash, template: spec.template, replicas: 0, createdAt: new Date().toISOString() }];
}

function templateOf(record: ObjectRecord): unknown {
  const spec = record.object['spec'];
  return typeof spec === 'object' && spec !== null && 'template' in spec ? spec.template : undefined;
}

/** Only this controller writes a Deployment's status. */
function asStatus(status: unknown): DeploymentStatus | undefined {
  return status === undefined ? undefined : (status as DeploymentStatus);
}
