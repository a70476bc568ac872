import type { KubeObject } from '@slipway/domain';
import { stringify } from 'yaml';
import { kindOrder } from './kind-order.ts';
import { isRecord } from './kustomization-references.ts';
import { compareLines, unifiedHunks } from './line-diff.ts';
import { maskSecrets } from './mask-secrets.ts';
import { objectKey, printKey } from './object-key.ts';
import { parseObjects } from './parse-objects.ts';

/** What a cluster writes into metadata, or kubectl into annotations: never part of what people declare. */
const liveMetadata: readonly string[] = [
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'creationTimestamp',
  'selfLink',
];
const liveAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * A unified diff of one object as YAML with sorted keys; empty when nothing differs.
 *
 * Status and what the cluster writes into metadata are left out, Secrets are masked (delivery.md A9).
 *
 * @param before - absent when it is new; `after` when it goes away.
 */
export function diffObjects(before: KubeObject | undefined, after: KubeObject | undefined): string {
  const some = after ?? before;
  if (some === undefined) return '';
  const [old, fresh] = maskSecrets(stripped(before), stripped(after));
  const hunks = unifiedHunks(compareLines(linesOf(old), linesOf(fresh)));
  if (hunks === '') return '';
  const key = printKey(objectKey(some));
  const from = before === undefined ? '/dev/null' : key;
  const to = after === undefined ? '/dev/null' : key;
  return `--- ${from}\n+++ ${to}\n${hunks}`;
}

/**
 * A unified diff of two renders, object by object in the order of applying; empty when no object differs.
 *
 * @throws ManifestError as {@link parseObjects}.
 */
export function diffRenders(beforeText: string, afterText: string): string {
  const before = byKey(parseObjects(beforeText));
  const after = byKey(parseObjects(afterText));
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, object]) => object);
  return kindOrder([...after.values(), ...gone])
    .map((object) => printKey(objectKey(object)))
    .map((key) => diffObjects(before.get(key), after.get(key)))
    .join('');
}

function byKey(objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject> {
  return new Map(objects.map((object) => [printKey(objectKey(object)), object]));
}

function stripped(object: KubeObject | undefined): KubeObject | undefined {
  if (object === undefined) return undefined;
  const { status: _status, ...declared } = object;
  const metadata = without(declared.metadata, liveMetadata);
  const annotations = isRecord(metadata['annotations']) ? without(metadata['annotations'], [liveAnnotation]) : {};
  const kept = Object.keys(annotations).length > 0 ? { ...metadata, annotations } : without(metadata, ['annotations']);
  return {
    ...declared,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...kept, name: object.metadata.name },
  };
}

function without(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function linesOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const text = stringify(value, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' });
  return text.replace(/\n$/, '').split('\n');
}
