import type { ObjectKey } from '@slipway/ports';
import { printKey } from '../objects/object-key.ts';
import type { ObjectRecord } from '../objects/object-record.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { parseService } from '../objects/parse-objects.ts';
import type { ServicePort, ServiceSpec } from '../objects/workload.ts';
import type { ServiceEndpoint } from '../pods/pod-environment.ts';
import { RuntimeError } from '../runtime-error.ts';
import { RequestMetrics, type ServiceMetrics } from './request-metrics.ts';
import { ServiceProxy, type Endpoint } from './service-proxy.ts';

const firstPort = 20_000;
const portCount = 10_000;

interface OpenPort {
  readonly proxy: ServiceProxy;
  readonly port: ServicePort;
}

interface OpenService {
  spec: ServiceSpec;
  readonly metrics: RequestMetrics;
  /** By Service port. */
  readonly ports: Map<number, OpenPort>;
}

/** Keeps a proxy open for every port of every stored Service. */
export class ServiceController {
  readonly #store: ObjectStore;
  readonly #endpoints: (namespace: string, spec: ServiceSpec) => readonly Endpoint[];
  readonly #open = new Map<string, OpenService>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: ObjectStore, endpoints: (namespace: string, spec: ServiceSpec) => readonly Endpoint[]) {
    this.#store = store;
    this.#endpoints = endpoints;
  }

  /** Brings the open proxies in line with the store; one caller after another. */
  reconcile(): Promise<void> {
    const turn = this.#turn.then(() => this.#reconcile());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Services of a namespace that have a port on this machine, as pods find them. */
  endpointsOf(namespace: string): readonly ServiceEndpoint[] {
    return this.#services()
      .filter((record) => record.key.namespace === namespace)
      .map((record) => ({
        name: record.key.name,
        ports: parseService(record.object).ports.flatMap((port) => {
          const hostPort = record.hostPorts?.[String(port.port)];
          const name = port.name === undefined ? {} : { name: port.name };
          return hostPort === undefined ? [] : [{ ...name, port: port.port, hostPort }];
        }),
      }));
  }

  /** Where a Service's port answers; absent when there is no such port. */
  address(service: { readonly namespace: string; readonly name: string; readonly port: number }): number | undefined {
    const record = this.#store.get({ group: '', kind: 'Service', namespace: service.namespace, name: service.name });
    return record?.hostPorts?.[String(service.port)];
  }

  /** @param windowMs - the last so many milliseconds; absent: since the runtime started. */
  metrics(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    windowMs?: number,
  ): ServiceMetrics | undefined {
    return this.#open.get(printKey({ group: '', kind: 'Service', namespace, name }))?.metrics.read(windowMs);
  }

  async close(): Promise<void> {
    await this.#turn;
    for (const service of this.#open.values()) {
      for (const { proxy } of service.ports.values()) await proxy.close();
    }
    this.#open.clear();
  }

  #services(): readonly ObjectRecord[] {
    return this.#store.list().filter((record) => record.key.kind === 'Service');
  }

  async #reconcile(): Promise<void> {
    const stored = this.#services();
    for (const [id, service] of this.#open) {
      if (stored.some((record) => printKey(record.key) === id)) continue;
      for (const { proxy } of service.ports.values()) await proxy.close();
      this.#open.delete(id);
    }
    for (const record of stored) await this.#reconcileService(record);
  }

  async #reconcileService(record: ObjectRecord): Promise<void> {
    const id = printKey(record.key);
    const spec = parseService(record.object);
    const service = this.#open.get(id) ?? { spec, metrics: new RequestMetrics(), ports: new Map<number, OpenPort>() };
    this.#open.set(id, service);
    service.spec = spec;
    for (const [number, { proxy, port }] of service.ports) {
      const wanted = spec.ports.find((candidate) => candidate.port === number);
      const isSame =
        wanted?.protocol === port.protocol &&
        wanted.targetPort === port.targetPort &&
        wanted.nodePort === port.nodePort;
      if (isSame) continue;
      await proxy.close();
      service.ports.delete(number);
    }
    const hostPorts: Record<string, number> = {};
    for (const port of spec.ports) hostPorts[String(port.port)] = await this.#openPort(record, service, port);
    await this.#remember(record.key, hostPorts);
  }

  async #openPort(record: ObjectRecord, service: OpenService, port: ServicePort): Promise<number> {
    const remembered = record.hostPorts?.[String(port.port)];
    if (service.ports.has(port.port) && remembered !== undefined) return remembered;
    const taken = new Set(
      this.#services().flatMap((other) => (other === record ? [] : Object.values(other.hostPorts ?? {}))),
    );
    const kept = port.nodePort ?? remembered;
    const candidates = [kept, ...portsFrom(hashOf(`${printKey(record.key)}/${port.port}`))];
    for (const candidate of candidates) {
      if (candidate === undefined || taken.has(candidate)) continue;
      const proxy = new ServiceProxy({
        port,
        metrics: service.metrics,
        weights: () => service.spec.weights,
        endpoints: () => this.#endpoints(record.key.namespace, service.spec),
      });
      if (!(await proxy.listen(candidate))) continue;
      service.ports.set(port.port, { proxy, port });
      return candidate;
    }
    throw new RuntimeError('RUNTIME_NO_PORT', `no port is free for the Service "${record.key.name}"`);
  }

  /** The address stands in the status as a load balancer's would. */
  async #remember(key: ObjectKey, hostPorts: Readonly<Record<string, number>>): Promise<void> {
    await this.#store.update(key, (current) => {
      if (current === undefined || JSON.stringify(current.hostPorts) === JSON.stringify(hostPorts)) return current;
      const ports = Object.values(hostPorts).map((port) => ({ port, protocol: 'TCP' }));
      const status = { loadBalancer: { ingress: [{ ip: '127.0.0.1', ports }] } };
      return { ...current, hostPorts, object: { ...current.object, status } };
    });
  }
}

/** The same Service gets the same port on an idle machine, whatever else runs. */
function* portsFrom(start: number): Generator<number> {
  for (let offset = 0; offset < portCount; offset += 1) yield firstPort + ((start + offset) % portCount);
}

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % portCount;
  return hash;
}
