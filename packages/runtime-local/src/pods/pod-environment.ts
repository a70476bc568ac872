import type { ContainerSpec } from '../objects/workload.ts';
import { RuntimeError } from '../runtime-error.ts';

/** A Service as a pod finds it: on its own loopback. */
export interface ServiceEndpoint {
  readonly name: string;
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly hostPort: number }[];
}

export interface EnvironmentFacts {
  readonly pod: { readonly name: string; readonly namespace: string };
  /** `NAME=value` each. */
  readonly image: readonly string[];
  readonly container: ContainerSpec;
  /** Services of the pod's namespace; empty when the pod wants no links. */
  readonly services: readonly ServiceEndpoint[];
  /** Data by name, of the pod's namespace; of Secrets decoded. */
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/**
 * A container's variables as Kubernetes composes them; later ones win: image, Services, `envFrom`, `env` with `$(NAME)` filled in.
 * A Service is found at `<NAME>_SERVICE_HOST` and `<NAME>_SERVICE_PORT`; the port is not the Service's own but one that is free.
 *
 * @throws {@link RuntimeError} `RUNTIME_POD_CONFIG` for a ConfigMap, Secret or key that is missing and not optional.
 */
export function composeEnvironment(facts: EnvironmentFacts): Readonly<Record<string, string>> {
  const variables = new Map<string, string>();
  for (const entry of facts.image) {
    const equals = entry.indexOf('=');
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  variables.set('HOSTNAME', facts.pod.name);
  for (const service of facts.services) addService(variables, service);
  for (const source of facts.container.envFrom) {
    const data = findData(facts, { kind: 'configMap', of: source.configMap, isOptional: source.isOptional });
    for (const [name, value] of Object.entries(data)) variables.set(`${source.prefix}${name}`, value);
  }
  for (const entry of facts.container.env) {
    const value = valueOf(entry, facts);
    if (value !== undefined) variables.set(entry.name, expand(value, variables));
  }
  return Object.fromEntries(variables);
}

function addService(variables: Map<string, string>, service: ServiceEndpoint): void {
  const prefix = service.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
  const first = service.ports[0];
  if (first === undefined) return;
  variables.set(`${prefix}_SERVICE_HOST`, '127.0.0.1');
  variables.set(`${prefix}_SERVICE_PORT`, String(first.hostPort));
  variables.set(`${prefix}_PORT`, `tcp://127.0.0.1:${first.hostPort}`);
  for (const port of service.ports) {
    if (port.name === undefined) continue;
    variables.set(
      `${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`,
      String(port.hostPort),
    );
  }
}

function valueOf(entry: ContainerSpec['env'][number], facts: EnvironmentFacts): string | undefined {
  if (entry.kind === 'value') return entry.value;
  if (entry.kind === 'pod') return entry.field === 'metadata.name' ? facts.pod.name : facts.pod.namespace;
  const value = findData(facts, entry)[entry.key];
  if (value === undefined && !entry.isOptional)
    throw new RuntimeError('RUNTIME_POD_CONFIG', `the ${kinds[entry.kind]} "${entry.of}" has no key "${entry.key}"`);
  return value;
}

const kinds = { configMap: 'ConfigMap', secret: 'Secret' } as const;

function findData(
  facts: EnvironmentFacts,
  source: { readonly kind: keyof typeof kinds; readonly of: string; readonly isOptional: boolean },
): Readonly<Record<string, string>> {
  const data = (source.kind === 'secret' ? facts.secrets : facts.configMaps).get(source.of);
  if (data === undefined && !source.isOptional)
    throw new RuntimeError('RUNTIME_POD_CONFIG', `there is no ${kinds[source.kind]} "${source.of}"`);
  return data ?? {};
}

/** `$(NAME)` becomes the value, `$$(NAME)` stays as `$(NAME)`, and what is unknown stays as it is. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$(\$\([^)]*\))|\$\(([^)]*)\)/g,
    (whole, escaped: string | undefined, name: string | undefined) => escaped ?? variables.get(name ?? '') ?? whole,
  );
}
