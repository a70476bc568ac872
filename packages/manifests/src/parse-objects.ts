import type { KubeObject } from '@slipway/domain';
import type { Document } from 'yaml';
import { isRecord } from './kustomization-references.ts';
import { objectKey, printKey } from './object-key.ts';
import { faultAt, plainData, readYaml, type YamlSource } from './yaml-source.ts';

/**
 * Reads the objects of a YAML stream; lists (`kind: …List` with `items`) are flattened, empty documents skipped.
 *
 * @param file - named in faults only.
 * @throws ManifestError `OBJECT_INVALID` without apiVersion, kind or a name, `OBJECT_DUPLICATE`, `MANIFEST_SYNTAX`, `MANIFEST_TOO_LARGE`
 *   (bytes, nesting, aliases), each at its document's first line. No message quotes a value.
 */
export function parseObjects(rendered: string, file = 'rendered manifests'): readonly KubeObject[] {
  const source = readYaml(rendered, file);
  const seen = new Set<string>();
  const objects: KubeObject[] = [];
  for (const document of source.documents) {
    const data = plainData(source, document);
    if (data === null || data === undefined) continue;
    for (const object of flatten(data, { source, document })) {
      const key = printKey(objectKey(object));
      if (seen.has(key)) {
        faultAt(source, document.contents, { code: 'OBJECT_DUPLICATE', what: `${key} is declared twice` });
      }
      seen.add(key);
      objects.push(object);
    }
  }
  return objects;
}

interface Place {
  readonly source: YamlSource;
  readonly document: Document.Parsed;
}

function flatten(data: unknown, place: Place): readonly KubeObject[] {
  if (isList(data)) return data.items.flatMap((item) => flatten(item, place));
  if (isObject(data)) return [data];
  const what =
    isRecord(data) && isRecord(data['metadata']) && 'generateName' in data['metadata']
      ? 'an object has generateName, so no apply can be repeated'
      : 'an object lacks apiVersion, kind or metadata.name';
  return faultAt(place.source, place.document.contents, { code: 'OBJECT_INVALID', what });
}

function isList(data: unknown): data is { readonly items: readonly unknown[] } {
  return isRecord(data) && String(data['kind']).endsWith('List') && Array.isArray(data['items']);
}

function isObject(data: unknown): data is KubeObject {
  if (!isRecord(data) || !isRecord(data['metadata'])) return false;
  const { name, namespace } = data['metadata'];
  return (
    isText(data['apiVersion']) && isText(data['kind']) && isText(name) && (namespace === undefined || isText(namespace))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
