import { socketFolder } from '@slipway/host';
import type { ArtifactRegistry } from '@slipway/ports';
import { chmod, mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import path from 'node:path';
import { DeploymentController } from '../deployment/deployment-controller.ts';
import { ImageStore } from '../images/image-store.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { parseConfigMap, parseSecret } from '../objects/parse-objects.ts';
import { matchesLabels } from '../objects/object-key.ts';
import type { ServiceSpec } from '../objects/workload.ts';
import { assertReachable, inspectMachine, type Machine, type MachineLimits } from '../pods/machine.ts';
import type { ServiceEndpoint } from '../pods/pod-environment.ts';
import { PodFolders } from '../pods/pod-record.ts';
import { PodSet } from '../pods/pod-set.ts';
import { ServiceController } from '../services/service-controller.ts';
import type { Endpoint } from '../services/service-proxy.ts';
import { makeHandlers } from './call-handlers.ts';
import { serveRuntime } from './http-server.ts';
import { ReconcileLoop } from './reconcile-loop.ts';
import { becomeRuntime } from './runtime-lock.ts';
import { watchStore } from './watch-store.ts';

export interface RuntimeOptions {
  readonly stateDir: string;
  /** Where images come from, by the host in their reference. */
  readonly registries: readonly ArtifactRegistry[];
  /** Port on loopback of the config endpoint; every pod finds it as if it were a Service `slipway-config`. @default none */
  readonly configPort?: number;
  /** Ends the runtime; its pods live on, and the next runtime takes them over. */
  readonly signal: AbortSignal;
  /** What not to use of this machine. */
  readonly limits?: MachineLimits;
  /** One event a call, for the runtime's log. @default nothing is told */
  readonly log?: (event: {
    readonly level: 'info' | 'warn';
    readonly message: string;
    readonly [field: string]: string;
  }) => void;
}

/** Pods have this long when everything ends. */
const stopGraceMs = 5000;
/** Adopted pods are asked for their readiness before anything is decided; one that stays silent is not waited for. */
const settleMs = 2000;

/**
 * The body of the runtime's process: serves until the signal, or until it is told to stop and has ended every pod.
 *
 * @throws RuntimeError `RUNTIME_ALREADY_RUNNING`, `RUNTIME_FOLDER_UNREACHABLE`.
 */
export async function runRuntime(options: RuntimeOptions): Promise<void> {
  const runtimeDir = path.join(options.stateDir, 'runtime');
  await mkdir(runtimeDir, { recursive: true, mode: 0o711 });
  const leave = await becomeRuntime(runtimeDir);
  try {
    await serve(options, runtimeDir);
  } finally {
    await leave();
  }
}

async function serve(options: RuntimeOptions, runtimeDir: string): Promise<void> {
  // Pods pass through to their images; no folder can be listed, and files keep their own modes.
  for (const folder of [options.stateDir, runtimeDir]) await chmod(folder, 0o711);
  await assertReachable(runtimeDir);
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const parts = await assemble(options, runtimeDir, signal);
  const { store, pods, services, loop } = parts;
  await pods.adopt();
  await parts.images.keepOnly(imagesInUse(store, pods));
  await services.reconcile();
  await settle(pods);
  store.subscribe(() => loop.wake());
  const stop = async () => {
    loop.stop();
    await Promise.all(pods.all().map((pod) => pod.end(stopGraceMs)));
    // The answer goes out first.
    setImmediate(() => end.abort());
  };
  const handlers = makeHandlers({ store, pods, services, machine: parts.machine, stop });
  const server = await serveRuntime(socketOf(options.stateDir), handlers, (labels, gone) =>
    watchStore(store, labels, AbortSignal.any([gone, signal])),
  );
  options.log?.({ level: 'info', message: 'runtime ready', network: parts.machine.network, root: parts.machine.root });
  try {
    await loop.run(signal);
    await untilAborted(signal);
  } finally {
    end.abort();
    pods.release();
    await services.close();
    await closeServer(server);
  }
}

/** Where the runtime of a state folder listens. */
export function socketOf(stateDir: string): string {
  return path.join(socketFolder(stateDir, 'runtime'), 'runtime.sock');
}

interface Parts {
  readonly images: ImageStore;
  readonly store: ObjectStore;
  readonly pods: PodSet;
  readonly services: ServiceController;
  readonly loop: ReconcileLoop;
  readonly machine: Machine;
}

async function assemble(options: RuntimeOptions, runtimeDir: string, signal: AbortSignal): Promise<Parts> {
  const logsDir = path.join(runtimeDir, 'logs');
  await mkdir(logsDir, { recursive: true, mode: 0o700 });
  const machine = await inspectMachine(path.join(runtimeDir, 'bin'), options.limits ?? {}, signal);
  const store = await ObjectStore.open(path.join(runtimeDir, 'objects'));
  const images = await ImageStore.open(path.join(runtimeDir, 'images'), options.registries);
  const folders = await PodFolders.open(path.join(runtimeDir, 'pods'));
  const services = new ServiceController(store, (namespace, spec) => endpointsOf(pods, namespace, spec));
  const pods: PodSet = new PodSet({
    machine,
    images,
    folders,
    logsDir,
    socketDir: socketFolder(options.stateDir, 'runtime'),
    // A Service of that name in the namespace comes later, and wins.
    services: (namespace) => [...builtInServices(options), ...services.endpointsOf(namespace)],
    configMaps: (namespace) => dataOf(store, namespace, { kind: 'ConfigMap', parse: parseConfigMap }),
    secrets: (namespace) => dataOf(store, namespace, { kind: 'Secret', parse: parseSecret }),
    changed: () => loop.wake(),
    signal,
  });
  const deployments = new DeploymentController(store, pods);
  const report = (deployment: string, error: unknown) => {
    options.log?.({
      level: 'warn',
      message: 'deployment not reconciled',
      deployment,
      error: error instanceof Error ? error.message : String(error),
    });
  };
  const loop: ReconcileLoop = new ReconcileLoop(async () => {
    for (const pod of pods.all()) pod.offerServices();
    return deployments.reconcile(report);
  });
  return { images, store, pods, services, loop, machine };
}

function builtInServices({ configPort }: RuntimeOptions): readonly ServiceEndpoint[] {
  if (configPort === undefined) return [];
  return [{ name: 'slipway-config', ports: [{ port: 80, hostPort: configPort }] }];
}

function endpointsOf(pods: PodSet, namespace: string, spec: ServiceSpec): readonly Endpoint[] {
  return pods
    .all()
    .filter(
      (pod) =>
        pod.isReady && pod.record.namespace === namespace && matchesLabels(pod.record.template.labels, spec.selector),
    )
    .map((pod) => ({
      id: pod.record.id,
      deployment: pod.record.deployment,
      revision: pod.record.revision,
      connect: (port, timeoutMs) => pod.connect(port, timeoutMs),
    }));
}

function dataOf(
  store: ObjectStore,
  namespace: string,
  read: { readonly kind: string; readonly parse: typeof parseConfigMap },
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const found = store.list().filter(({ key }) => key.kind === read.kind && key.namespace === namespace);
  return new Map(found.map((record) => [record.key.name, read.parse(record.object)]));
}

/** Of every revision that a Deployment still has pods for, and of every pod. */
function imagesInUse(store: ObjectStore, pods: PodSet): ReadonlySet<string> {
  const templates = store.list().flatMap((record) => (record.replicaSets ?? []).map((set) => set.template));
  const all = [...templates, ...pods.all().map((pod) => pod.record.template)];
  return new Set(all.map((template) => template.container.image.digest));
}

async function settle(pods: PodSet): Promise<void> {
  const until = performance.now() + settleMs;
  while (performance.now() < until && pods.all().some((pod) => !pod.hasSettled))
    await new Promise((resolve) => setTimeout(resolve, 10));
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // An answer that is being written gets a moment.
  setTimeout(() => server.closeAllConnections(), 100).unref();
  await closed;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
