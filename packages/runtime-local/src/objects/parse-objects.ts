import { TargetError, type KubeObject } from '@slipway/ports';
import { FaultList, FieldReader, isFields } from './field-reader.ts';
import { matchesLabels, supportedKinds } from './object-key.ts';
import { parsePodTemplate } from './parse-pod-template.ts';
import { parsePortName } from './parse-probe.ts';
import type { DeploymentSpec, IntOrPercent, RolloutStrategy, ServicePort, ServiceSpec } from './workload.ts';

// RFC 1123 subdomain, as Kubernetes wants names.
const namePattern = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * Refuses what the runtime cannot run as written.
 *
 * @throws TargetError `TARGET_KIND_UNSUPPORTED`; `TARGET_OBJECT_INVALID` with every fault, each led by its field's path.
 */
export function validateObject(object: KubeObject): void {
  refuseUnsupported(object);
  const { root, faults } = readMetadata(object);
  validateBody(object.kind, root);
  throwFaults(object, faults);
}

/**
 * Refuses what is no part of an object: one manager may say a single annotation and leave the rest to others.
 *
 * @throws TargetError `TARGET_KIND_UNSUPPORTED`, `TARGET_OBJECT_INVALID`.
 */
export function validatePart(object: KubeObject): void {
  refuseUnsupported(object);
  throwFaults(object, readMetadata(object).faults);
}

function refuseUnsupported(object: KubeObject): void {
  const group = object.apiVersion.includes('/') ? object.apiVersion.slice(0, object.apiVersion.indexOf('/')) : '';
  const kind = Object.entries(supportedKinds).find(([name]) => name === `${group}/${object.kind}`)?.[1];
  if (kind === undefined || kind.apiVersion !== object.apiVersion) {
    const works = 'Deployment (apps/v1), Service, ConfigMap, Secret and Namespace (v1)';
    throw new TargetError(
      'TARGET_KIND_UNSUPPORTED',
      `the local runtime does not run ${object.kind} (${object.apiVersion}); it runs ${works}`,
      {
        facts: { kind: object.kind, apiVersion: object.apiVersion },
      },
    );
  }
}

function readMetadata(object: KubeObject): { readonly root: FieldReader; readonly faults: FaultList } {
  const faults = new FaultList();
  const root = new FieldReader(object, '', faults);
  for (const field of ['name', 'namespace'] as const) {
    const value = root.at('metadata').at(field);
    const isMissing = field === 'namespace' && value.isAbsent;
    if (!isMissing && !namePattern.test(value.text())) value.refuse('is not a lower-case DNS name');
  }
  root.at('metadata').at('labels').textMap();
  root.at('metadata').at('annotations').textMap();
  return { root, faults };
}

function validateBody(kind: string, root: FieldReader): void {
  const head = ['apiVersion', 'kind', 'metadata', 'status'];
  if (kind === 'Deployment') readDeployment(root.only([...head, 'spec']).at('spec'));
  if (kind === 'Service') readService(root.only([...head, 'spec']));
  if (kind === 'Namespace') root.only([...head, 'spec']);
  if (kind === 'ConfigMap') readKeys(root.only([...head, 'data', 'immutable']).at('data'));
  if (kind === 'Secret') {
    const data = root.only([...head, 'data', 'stringData', 'type', 'immutable']).at('data');
    for (const [name, value] of Object.entries(readKeys(data)))
      if (!isBase64(value)) data.at(name).refuse('is not base64');
    readKeys(root.at('stringData'));
  }
}

function readKeys(data: FieldReader): Readonly<Record<string, string>> {
  const texts = data.textMap();
  for (const name of Object.keys(texts)) {
    if (!/^[-._a-zA-Z0-9]+$/.test(name) || name === '.' || name === '..') data.at(name).refuse('is not a file’s name');
  }
  return texts;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function throwFaults(object: KubeObject, faults: FaultList): void {
  if (faults.all.length === 0) return;
  throw new TargetError('TARGET_OBJECT_INVALID', `${object.kind} "${object.metadata.name}": ${faults.all.join('; ')}`, {
    facts: { kind: object.kind, name: object.metadata.name },
  });
}

/** The spec of a stored Deployment. @throws TargetError `TARGET_OBJECT_INVALID`. */
export function parseDeployment(object: KubeObject): DeploymentSpec {
  const faults = new FaultList();
  const spec = readDeployment(new FieldReader(object, '', faults).at('spec'));
  throwFaults(object, faults);
  return spec;
}

/** The spec of a stored Service. @throws TargetError `TARGET_OBJECT_INVALID`. */
export function parseService(object: KubeObject): ServiceSpec {
  const faults = new FaultList();
  const spec = readService(new FieldReader(object, '', faults));
  throwFaults(object, faults);
  return spec;
}

/** The data of a stored ConfigMap. */
export function parseConfigMap(object: KubeObject): Readonly<Record<string, string>> {
  return new FieldReader(object, '', new FaultList()).at('data').textMap();
}

/** The values of a stored Secret, decoded; `stringData` wins, as in Kubernetes. */
export function parseSecret(object: KubeObject): Readonly<Record<string, string>> {
  const root = new FieldReader(object, '', new FaultList());
  const data = Object.entries(root.at('data').textMap());
  const decoded = data.map(([name, value]) => [name, Buffer.from(value, 'base64').toString()] as const);
  return { ...Object.fromEntries(decoded), ...root.at('stringData').textMap() };
}

function readDeployment(spec: FieldReader): DeploymentSpec {
  const known = ['replicas', 'selector', 'template', 'strategy', 'minReadySeconds', 'progressDeadlineSeconds'];
  spec.only(known, ['revisionHistoryLimit']);
  if (spec.isAbsent) spec.refuse('is required');
  const selector = spec.at('selector').only(['matchLabels']).at('matchLabels');
  const labels = selector.textMap();
  if (Object.keys(labels).length === 0) selector.refuse('is required');
  const template = parsePodTemplate(spec.at('template'));
  if (!matchesLabels(template.labels, labels))
    spec.at('template').at('metadata').at('labels').refuse('do not match the selector');
  const minReadySeconds = spec.at('minReadySeconds').integer({ fallback: 0, min: 0 });
  const deadline = spec.at('progressDeadlineSeconds');
  const progressDeadlineSeconds = deadline.integer({ fallback: 600, min: 1 });
  if (progressDeadlineSeconds <= minReadySeconds) deadline.refuse('must be greater than minReadySeconds');
  return {
    replicas: spec.at('replicas').integer({ fallback: 1, min: 0, max: 100 }),
    selector: labels,
    template,
    strategy: readStrategy(spec.at('strategy')),
    minReadySeconds,
    progressDeadlineSeconds,
  };
}

function readStrategy(strategy: FieldReader): RolloutStrategy {
  strategy.only(['type', 'rollingUpdate']);
  const type = strategy.at('type').text('RollingUpdate');
  const rolling = strategy.at('rollingUpdate').only(['maxSurge', 'maxUnavailable']);
  if (type !== 'RollingUpdate' && type !== 'Recreate')
    strategy.at('type').refuse('is neither RollingUpdate nor Recreate');
  const maxSurge = readIntOrPercent(rolling.at('maxSurge'));
  const maxUnavailable = readIntOrPercent(rolling.at('maxUnavailable'));
  const isZero = (value: IntOrPercent) => value === 0 || value === '0%';
  if (isZero(maxSurge) && isZero(maxUnavailable)) rolling.refuse('maxSurge and maxUnavailable may not both be 0');
  return { type: type === 'Recreate' ? 'Recreate' : 'RollingUpdate', maxSurge, maxUnavailable };
}

function readIntOrPercent(field: FieldReader): IntOrPercent {
  if (field.isAbsent) return '25%';
  if (typeof field.value !== 'string') return field.integer({ min: 0 });
  const digits = /^(\d{1,3})%$/.exec(field.value)?.[1];
  if (digits === undefined) field.refuse(`"${field.value}" is neither a count nor a percentage`);
  return `${Number(digits ?? 0)}%`;
}

function readService(root: FieldReader): ServiceSpec {
  const spec = root.at('spec');
  spec.only(
    ['selector', 'ports', 'type', 'clusterIP'],
    [
      'sessionAffinity',
      'internalTrafficPolicy',
      'externalTrafficPolicy',
      'ipFamilies',
      'ipFamilyPolicy',
      'clusterIPs',
      'allocateLoadBalancerNodePorts',
    ],
  );
  const type = spec.at('type').text('ClusterIP');
  if (!['ClusterIP', 'NodePort', 'LoadBalancer'].includes(type))
    spec.at('type').refuse(`${type} is not supported by the local runtime`);
  if (spec.at('clusterIP').text('') === 'None')
    spec.at('clusterIP').refuse('headless Services are not supported by the local runtime');
  const selector = spec.at('selector').textMap();
  if (Object.keys(selector).length === 0) spec.at('selector').refuse('is required');
  const ports = spec.at('ports').list().map(readServicePort);
  if (ports.length === 0) spec.at('ports').refuse('is required');
  if (new Set(ports.map((port) => port.port)).size !== ports.length) spec.at('ports').refuse('names a port twice');
  const weights = readWeights(root.at('metadata').at('annotations').at('slipway.dev/weights'));
  return { selector, ports, ...(weights === undefined ? {} : { weights }) };
}

function readServicePort(field: FieldReader): ServicePort {
  field.only(['name', 'port', 'targetPort', 'nodePort', 'protocol', 'appProtocol']);
  if (field.at('protocol').text('TCP') !== 'TCP') field.at('protocol').refuse('the local runtime carries TCP only');
  const port = field.at('port').integer({ min: 1, max: 65_535 });
  const name = field.at('name').optionalText();
  const target = field.at('targetPort');
  const nodePort = field.at('nodePort');
  return {
    ...(name === undefined ? {} : { name }),
    port,
    targetPort: target.isAbsent ? port : parsePortName(target),
    ...(nodePort.isAbsent ? {} : { nodePort: nodePort.integer({ min: 1, max: 65_535 }) }),
    protocol: protocolOf(field.at('appProtocol').optionalText() ?? name ?? 'http'),
  };
}

/** Names as service meshes read them: `<protocol>[-suffix]`; what names no protocol is HTTP. */
function protocolOf(name: string): ServicePort['protocol'] {
  const raw = [
    'https',
    'http2',
    'h2c',
    'grpc',
    'tcp',
    'tls',
    'mongo',
    'mysql',
    'postgres',
    'postgresql',
    'redis',
    'amqp',
    'smtp',
  ];
  const word = name.toLowerCase().replace('kubernetes.io/', '').split('-')[0] ?? '';
  return raw.includes(word) ? 'tcp' : 'http';
}

function readWeights(annotation: FieldReader): Readonly<Record<string, number>> | undefined {
  if (annotation.isAbsent) return undefined;
  try {
    const parsed: unknown = JSON.parse(annotation.text());
    if (isFields(parsed)) {
      const reader = new FieldReader(parsed, annotation.path, annotation.faults);
      return Object.fromEntries(
        Object.keys(parsed).map((name) => [name, reader.at(name).integer({ min: 0, max: 1000 })]),
      );
    }
  } catch {
    // Said below: the text is no JSON.
  }
  annotation.refuse('is not a JSON mapping of Deployment names to integers');
  return undefined;
}
