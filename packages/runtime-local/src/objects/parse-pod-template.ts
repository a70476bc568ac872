import { parseDigest, parseImageReference } from '@slipway/domain';
import path from 'node:path';
import type { FieldReader } from './field-reader.ts';
import { parseProbe } from './parse-probe.ts';
import type {
  ConfigMapSource,
  ContainerSpec,
  EnvironmentEntry,
  PinnedImage,
  PodTemplate,
  VolumeMount,
  VolumeSpec,
} from './workload.ts';

/** Fields that change nothing here: we schedule nothing, cap nothing and every pod is unprivileged already. */
const ignoredPodFields = [
  'restartPolicy',
  'dnsPolicy',
  'serviceAccountName',
  'serviceAccount',
  'automountServiceAccountToken',
  'nodeSelector',
  'affinity',
  'tolerations',
  'topologySpreadConstraints',
  'securityContext',
  'imagePullSecrets',
  'priorityClassName',
  'schedulerName',
] as const;
const ignoredContainerFields = [
  'resources',
  'imagePullPolicy',
  'securityContext',
  'terminationMessagePath',
  'terminationMessagePolicy',
] as const;

/** Reads `spec.template`; faults go to the reader's list. */
export function parsePodTemplate(template: FieldReader): PodTemplate {
  template.only(['metadata', 'spec']);
  const metadata = template.at('metadata').only(['labels', 'annotations'], ['name', 'creationTimestamp']);
  const spec = template.at('spec');
  spec.only(['containers', 'volumes', 'terminationGracePeriodSeconds', 'enableServiceLinks'], ignoredPodFields);
  const restart = spec.at('restartPolicy');
  if (restart.text('Always') !== 'Always') restart.refuse('a Deployment restarts always');
  const containers = spec.at('containers').list();
  const first = containers[0] ?? spec.at('containers');
  if (containers.length !== 1) spec.at('containers').refuse('the local runtime runs exactly one container a pod');
  const volumes = spec.at('volumes').list().map(parseVolume);
  const container = parseContainer(first);
  container.mounts.forEach((mount, index) => {
    if (volumes.some((volume) => volume.name === mount.volume)) return;
    first.at('volumeMounts').refuse(`[${index}] names the volume "${mount.volume}", which the pod has not`);
  });
  return {
    labels: metadata.at('labels').textMap(),
    container,
    volumes,
    terminationGracePeriodSeconds: spec.at('terminationGracePeriodSeconds').integer({ fallback: 30, min: 0 }),
    enableServiceLinks: spec.at('enableServiceLinks').flag(true),
  };
}

function parseContainer(container: FieldReader): ContainerSpec {
  container.only(
    [
      'name',
      'image',
      'command',
      'args',
      'workingDir',
      'env',
      'envFrom',
      'ports',
      'volumeMounts',
      'startupProbe',
      'readinessProbe',
      'livenessProbe',
    ],
    ignoredContainerFields,
  );
  refusePrivilege(container.at('securityContext'));
  const workingDir = container.at('workingDir').optionalText();
  const command = container.at('command');
  const args = container.at('args');
  return {
    name: container.at('name').text(),
    image: parsePinnedImage(container.at('image')),
    ...(command.isAbsent ? {} : { command: command.texts() }),
    ...(args.isAbsent ? {} : { args: args.texts() }),
    ...(workingDir === undefined ? {} : { workingDir }),
    env: container.at('env').list().map(parseEnvironmentEntry),
    envFrom: container.at('envFrom').list().map(parseEnvironmentSource),
    ports: container.at('ports').list().map(parseContainerPort),
    mounts: container.at('volumeMounts').list().map(parseMount),
    ...probeOf(container, 'startupProbe'),
    ...probeOf(container, 'readinessProbe'),
    ...probeOf(container, 'livenessProbe'),
  };
}

function probeOf(
  container: FieldReader,
  field: 'startupProbe' | 'readinessProbe' | 'livenessProbe',
): Partial<ContainerSpec> {
  const probe = container.at(field);
  return probe.isAbsent ? {} : { [field]: parseProbe(probe) };
}

function refusePrivilege(context: FieldReader): void {
  if (context.at('privileged').flag(false)) context.at('privileged').refuse('the local runtime gives no privileges');
  if (context.at('capabilities').at('add').list().length > 0) {
    context.at('capabilities').at('add').refuse('the local runtime gives no capabilities');
  }
}

function parsePinnedImage(field: FieldReader): PinnedImage {
  const fallback: PinnedImage = { registry: '', name: '', digest: parseDigest(`sha256:${'0'.repeat(64)}`) };
  const text = field.text();
  if (text === '') return fallback;
  try {
    const image = parseImageReference(text);
    if (image.registry === undefined) field.refuse(`"${text}" names no registry; write registry/name@sha256:…`);
    else if (image.digest === undefined) field.refuse(`"${text}" has no digest; write name:tag@sha256:…`);
    else return { ...image, registry: image.registry, digest: image.digest };
  } catch (error) {
    field.refuse(error instanceof Error ? error.message : 'is not an image reference');
  }
  return fallback;
}

function parseEnvironmentEntry(entry: FieldReader): EnvironmentEntry {
  entry.only(['name', 'value', 'valueFrom']);
  const name = entry.at('name').text();
  if (/[=\0]/.test(name)) entry.at('name').refuse('is not a variable’s name');
  const from = entry.at('valueFrom').only(['configMapKeyRef', 'secretKeyRef', 'fieldRef']);
  for (const kind of ['configMap', 'secret'] as const) {
    const reference = from.at(`${kind}KeyRef`).only(['name', 'key', 'optional']);
    if (reference.isAbsent) continue;
    const isOptional = reference.at('optional').flag(false);
    return { kind, name, of: reference.at('name').text(), key: reference.at('key').text(), isOptional };
  }
  const field = from.at('fieldRef').only(['fieldPath'], ['apiVersion']).at('fieldPath');
  if (from.isAbsent || field.isAbsent) return { kind: 'value', name, value: entry.at('value').text('') };
  const fieldPath = field.text();
  if (fieldPath === 'metadata.name' || fieldPath === 'metadata.namespace')
    return { kind: 'pod', name, field: fieldPath };
  field.refuse('the local runtime knows metadata.name and metadata.namespace');
  return { kind: 'value', name, value: '' };
}

function parseEnvironmentSource(source: FieldReader): ConfigMapSource {
  source.only(['prefix', 'configMapRef']);
  const reference = source.at('configMapRef').only(['name', 'optional']);
  return {
    configMap: reference.at('name').text(),
    prefix: source.at('prefix').text(''),
    isOptional: reference.at('optional').flag(false),
  };
}

function parseContainerPort(port: FieldReader): ContainerSpec['ports'][number] {
  port.only(['name', 'containerPort', 'protocol']);
  if (port.at('protocol').text('TCP') !== 'TCP') port.at('protocol').refuse('the local runtime carries TCP only');
  const name = port.at('name').optionalText();
  const containerPort = port.at('containerPort').integer({ min: 1, max: 65_535 });
  return name === undefined ? { containerPort } : { name, containerPort };
}

function parseMount(mount: FieldReader): VolumeMount {
  mount.only(['name', 'mountPath', 'readOnly']);
  const mountPath = mount.at('mountPath').text();
  if (
    !path.posix.isAbsolute(mountPath) ||
    mountPath.split('/').includes('..') ||
    path.posix.normalize(mountPath) === '/'
  ) {
    mount.at('mountPath').refuse('is not an absolute path below /');
  }
  return {
    volume: mount.at('name').text(),
    mountPath: path.posix.normalize(mountPath),
    isReadOnly: mount.at('readOnly').flag(false),
  };
}

function parseVolume(volume: FieldReader): VolumeSpec {
  volume.only(['name', 'emptyDir', 'configMap']);
  const name = volume.at('name').text();
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) volume.at('name').refuse('is not a DNS label');
  const source = volume.at('configMap').only(['name', 'items', 'optional'], ['defaultMode']);
  if (source.isAbsent) {
    if (volume.at('emptyDir').only([], ['medium', 'sizeLimit']).isAbsent)
      volume.refuse('is neither an emptyDir nor a configMap');
    return { kind: 'emptyDir', name };
  }
  const items = source
    .at('items')
    .list()
    .map((item) => {
      item.only(['key', 'path'], ['mode']);
      const itemPath = item.at('path').text();
      if (itemPath.startsWith('/') || itemPath.split('/').includes('..')) item.at('path').refuse('leaves its volume');
      return { key: item.at('key').text(), path: itemPath };
    });
  return {
    kind: 'configMap',
    name,
    configMap: source.at('name').text(),
    isOptional: source.at('optional').flag(false),
    ...(source.at('items').isAbsent ? {} : { items }),
  };
}
