import { type DomainError, type ImageReference, parseImageReference, printImageReference } from '@slipway/domain';
import { type Document, isMap, isPair, isScalar, isSeq, visit, type YAMLMap } from 'yaml';
import { containerLists } from './images-of.ts';
import { pairOf, planEntries, refuseShared } from './edit-map.ts';
import { ManifestError } from './manifest-error.ts';
import { applyEdit, type Edit, type Splice } from './splice.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** An image to set in plain manifests. */
export interface ImageEdit {
  /** Name that containers have it by, with its registry, without tag and digest. */
  readonly name: string;
  /** What they shall run. */
  readonly reference: ImageReference;
}

/**
 * Sets `image:` of every container that runs the named image, in all documents of a plain manifest file. Only those bytes change.
 *
 * @throws ManifestError `MANIFEST_IMAGE_MISSING` when no container has it; else as `setImages`.
 */
export function setImageInManifest(text: string, { name, reference }: ImageEdit, file: string): Edit {
  const source = readYaml(text, file);
  const value = printImageReference(reference);
  const splices: Splice[] = [];
  let found = 0;
  for (const document of source.documents) {
    for (const container of containersOf(source, document)) {
      const image = pairOf(container, 'image')?.value;
      if (!isScalar(image) || imageName(image.value) !== name) continue;
      found += 1;
      refuseShared(source, document, container);
      refuseShared(source, document, image);
      splices.push(...planEntries(source, container, [['image', value]]));
    }
  }
  if (found === 0) {
    throw new ManifestError('MANIFEST_IMAGE_MISSING', `no container runs ${name}`, { file, line: 1, column: 1 });
  }
  return applyEdit(source, { splices, expect: (documents) => setImage(documents, { name, value }) });
}

function containersOf(source: YamlSource, document: Document): readonly YAMLMap[] {
  const containers: YAMLMap[] = [];
  visit(document, {
    Pair(_key, pair, ancestors) {
      if (!isScalar(pair.key) || !containerLists.includes(String(pair.key.value)) || !isSeq(pair.value)) return;
      for (const parent of ancestors)
        if (!isPair(parent) && parent !== document) refuseSharedList(source, document, parent);
      refuseShared(source, document, pair.value);
      containers.push(...pair.value.items.filter((item) => isMap(item)));
    },
  });
  return containers;
}

// A merge key beside the list is harmless; an anchor in use around it is not.
function refuseSharedList(source: YamlSource, document: Document, node: unknown): void {
  if (isMap(node) && node.anchor === undefined) return;
  refuseShared(source, document, node);
}

function setImage(data: unknown, edit: { readonly name: string; readonly value: string }): void {
  if (typeof data !== 'object' || data === null) return;
  for (const [key, part] of Object.entries(data)) {
    if (containerLists.includes(key) && Array.isArray(part)) for (const item of part) setContainer(item, edit);
    setImage(part, edit);
  }
}

function setContainer(item: unknown, edit: { readonly name: string; readonly value: string }): void {
  if (typeof item !== 'object' || item === null || !('image' in item)) return;
  if (imageName(item.image) === edit.name) item.image = edit.value;
}

function imageName(image: unknown): string | undefined {
  if (typeof image !== 'string') return undefined;
  try {
    const { registry, name } = parseImageReference(image);
    return printImageReference(registry === undefined ? { name } : { registry, name });
  } catch (error) {
    if ((error as DomainError).code === 'IMAGE_REFERENCE_INVALID') return undefined;
    throw error;
  }
}
