import { createServer, type Server } from 'node:http';
import type { KubeObject, ObjectKey } from '@slipway/domain';
import { type ApplyOutcome, type Target, TargetError, type TargetEvent } from '@slipway/ports';
import { type Fields, findConflict, mergeFields, sortedText } from './field-ownership.ts';

interface LiveRecord {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly generation: number | undefined;
  readonly resourceVersion: number;
  /** What each manager says of the object. */
  readonly managers: ReadonlyMap<string, Fields>;
  readonly status: Fields | undefined;
}

interface Watcher {
  readonly labels: Readonly<Record<string, string>>;
  readonly queue: TargetEvent[];
  wake: () => void;
}

const kinds: ReadonlySet<string> = new Set(['ConfigMap', 'Deployment', 'Namespace', 'Secret', 'Service']);
/** Filled in by the target where nobody says otherwise, as an API server does. */
const defaults: Readonly<Record<string, Fields>> = { Deployment: { spec: { progressDeadlineSeconds: 600 } } };

/** A {@link Target} without pods: what is applied becomes healthy when `rollout` says so. Keeps the target contract. */
export class MemoryTarget implements Target {
  readonly name = 'memory';
  /** What the annotation of weights is worth here; nothing comes by, so that it is only said. */
  sharing: 'weights' | 'replicas' = 'weights';
  /** Every write that was not a dry run, in order: `apply ConfigMap/a`, `remove ConfigMap/a`. */
  readonly writes: string[] = [];
  /** Conditions and replicas that a Deployment of this generation gets after an apply; `undefined` leaves it as it is. */
  rollout: (object: KubeObject) => Fields | undefined = healthyStatus;
  readonly #records = new Map<string, LiveRecord>();
  readonly #watchers = new Set<Watcher>();
  #version = 0;
  #server: Promise<Server> | undefined;

  async apply(
    object: KubeObject,
    options: { readonly fieldManager: string; readonly isDryRun: boolean; readonly signal?: AbortSignal },
  ): Promise<ApplyOutcome> {
    options.signal?.throwIfAborted();
    refuseFaulty(object);
    const key = keyOf(object);
    const before = this.#records.get(textOf(key));
    const managers = new Map(before?.managers).set(options.fieldManager, fieldsOf(object));
    for (const [manager, fields] of managers) {
      const at = manager === options.fieldManager ? undefined : findConflict(fields, fieldsOf(object));
      if (at !== undefined) throw new TargetError('TARGET_CONFLICT', `${manager} owns ${at} of ${textOf(key)}`);
    }
    const isSame = before !== undefined && sortedText([...before.managers]) === sortedText([...managers]);
    if (isSame) return { key, action: 'unchanged', object: printRecord(before), before: printRecord(before) };
    const next = this.#grow(key, before, managers);
    const live = printRecord(next);
    if (!options.isDryRun) {
      this.writes.push(`apply ${key.kind}/${key.name}`);
      this.#keep(next);
      if (next.generation !== before?.generation) this.#roll(live);
    }
    return before === undefined
      ? { key, action: 'created', object: live }
      : { key, action: 'configured', object: live, before: printRecord(before) };
  }

  async get(key: ObjectKey): Promise<KubeObject | undefined> {
    const record = this.#records.get(textOf(key));
    return record === undefined ? undefined : printRecord(record);
  }

  async list(labels: Readonly<Record<string, string>>): Promise<readonly KubeObject[]> {
    return [...this.#records.values()].map(printRecord).filter((object) => carries(object, labels));
  }

  async remove(key: ObjectKey, labels: Readonly<Record<string, string>>): Promise<boolean> {
    const live = await this.get(key);
    if (live === undefined || !carries(live, labels)) return false;
    this.#records.delete(textOf(key));
    this.writes.push(`remove ${key.kind}/${key.name}`);
    this.#tell({ kind: 'deleted', object: live });
    return true;
  }

  async *watch(
    labels: Readonly<Record<string, string>>,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<TargetEvent> {
    const { signal } = options;
    const queue = (await this.list(labels)).map((object) => ({ kind: 'changed' as const, object }));
    const watcher: Watcher = { labels, queue, wake: () => undefined };
    const wake = (): void => watcher.wake();
    this.#watchers.add(watcher);
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        const event = watcher.queue.shift();
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => (watcher.wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#watchers.delete(watcher);
    }
  }

  async serviceAddress(service: {
    readonly namespace: string;
    readonly name: string;
    readonly port: number;
  }): Promise<{ readonly host: string; readonly port: number } | undefined> {
    const live = await this.get({ group: '', kind: 'Service', namespace: service.namespace, name: service.name });
    if (live === undefined) return undefined;
    const address = (await (this.#server ??= listen())).address();
    return typeof address === 'object' && address !== null ? { host: '127.0.0.1', port: address.port } : undefined;
  }

  async logs(deployment: { readonly namespace: string; readonly name: string }): Promise<string> {
    return `${deployment.name}-0 started\n`;
  }

  /** What a controller writes: the status of a live object. @throws when there is no such object. */
  setStatus(key: ObjectKey, status: Fields): void {
    const record = this.#records.get(textOf(key));
    if (record === undefined) throw new Error(`there is no ${textOf(key)}`);
    this.#keep({ ...record, status, resourceVersion: ++this.#version });
  }

  /** Ends the one server that stands behind every Service. */
  async close(): Promise<void> {
    const server = await this.#server;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  #grow(key: ObjectKey, before: LiveRecord | undefined, managers: ReadonlyMap<string, Fields>): LiveRecord {
    const version = this.#version + 1;
    const isChanged = before !== undefined && specText(before.managers) !== specText(managers);
    const first = key.kind === 'Deployment' ? 1 : undefined;
    const generation = before === undefined ? first : before.generation && before.generation + (isChanged ? 1 : 0);
    const uid = before?.uid ?? `uid-${version}`;
    return { key, uid, generation, resourceVersion: version, managers, status: before?.status };
  }

  #roll(live: KubeObject): void {
    setImmediate(() => {
      const status = live.kind === 'Deployment' ? this.rollout(live) : undefined;
      if (status !== undefined && this.#records.has(textOf(keyOf(live)))) this.setStatus(keyOf(live), status);
    });
  }

  #keep(record: LiveRecord): void {
    this.#version = Math.max(this.#version, record.resourceVersion);
    this.#records.set(textOf(record.key), record);
    this.#tell({ kind: 'changed', object: printRecord(record) });
  }

  #tell(event: TargetEvent): void {
    for (const watcher of this.#watchers) {
      if (!carries(event.object, watcher.labels)) continue;
      watcher.queue.push(event);
      watcher.wake();
    }
  }
}

/** Status of a Deployment all of whose replicas are up and of its present generation. */
export function healthyStatus(object: KubeObject): Fields {
  const replicas = (object['spec'] as { readonly replicas?: number } | undefined)?.replicas ?? 1;
  const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
  const conditions = [
    { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
    { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
  ];
  return { ...counts, observedGeneration: object.metadata.generation, conditions };
}

function keyOf(object: KubeObject): ObjectKey {
  const slash = object.apiVersion.lastIndexOf('/');
  const { name, namespace = '' } = object.metadata;
  return { group: slash < 0 ? '' : object.apiVersion.slice(0, slash), kind: object.kind, namespace, name };
}

function textOf(key: ObjectKey): string {
  return `${key.group}/${key.kind}/${key.namespace}/${key.name}`;
}

function fieldsOf(object: KubeObject): Fields {
  const { status: _status, ...fields } = object;
  return fields;
}

function specText(managers: ReadonlyMap<string, Fields>): string {
  const { metadata: _metadata, ...spec } = mergeAll(managers);
  return sortedText(spec);
}

function mergeAll(managers: ReadonlyMap<string, Fields>): Fields {
  return [...managers.values()].reduce(mergeFields, {});
}

/** The live object as the target shows it; its fields are those of a KubeObject because every manager's were. */
function printRecord(record: LiveRecord): KubeObject {
  const { uid, generation, resourceVersion } = record;
  const own = { uid, resourceVersion: String(resourceVersion), ...(generation === undefined ? {} : { generation }) };
  const said = mergeFields(defaults[record.key.kind] ?? {}, mergeAll(record.managers));
  const live = mergeFields(said, { metadata: own, ...(record.status === undefined ? {} : { status: record.status }) });
  return live as unknown as KubeObject;
}

function carries(object: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value);
}

function refuseFaulty(object: KubeObject): void {
  if (!kinds.has(object.kind)) throw new TargetError('TARGET_KIND_UNSUPPORTED', `${object.kind} is not run here`);
  const replicas = (object['spec'] as { readonly replicas?: unknown } | undefined)?.replicas;
  if (replicas !== undefined && typeof replicas !== 'number')
    throw new TargetError('TARGET_OBJECT_INVALID', `spec.replicas of ${object.metadata.name} is not a number`);
}

async function listen(): Promise<Server> {
  const server = createServer((_request, response) => response.end('up\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return server;
}
