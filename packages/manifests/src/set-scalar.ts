import { isMap, isSeq, type Node } from 'yaml';
import { planEntries, pairOf, refuseShared } from './edit-map.ts';
import { ManifestError } from './manifest-error.ts';
import { applyEdit, type Edit } from './splice.ts';
import { faultAt, readYaml, type YamlSource } from './yaml-source.ts';

/** Keys and list positions (from 0) from the root of a document. */
export type YamlPath = readonly (string | number)[];

/** An edit of one file; `path` ends in the key of a text. */
export interface ScalarEdit {
  readonly path: YamlPath;
  readonly value: string;
}

/**
 * Sets one text of a single-document file; a missing last key is added to its mapping. Only the value's bytes change.
 *
 * @throws {@link ManifestError} `MANIFEST_SYNTAX`, `MANIFEST_NODE_SHARED`, `MANIFEST_EDIT_REFUSED` when the path leads elsewhere.
 */
export function setScalar(text: string, { path, value }: ScalarEdit, file: string): Edit {
  const source = readYaml(text, file);
  const document = onlyDocument(source);
  const key = path.at(-1);
  const parent = parentOf(source, path.slice(0, -1));
  if (!isMap(parent) || typeof key !== 'string') {
    return faultAt(source, parent, { code: 'MANIFEST_EDIT_REFUSED', what: 'this is not a mapping' });
  }
  refuseShared(source, document, parent);
  refuseShared(source, document, pairOf(parent, key)?.value);
  return applyEdit(source, {
    splices: planEntries(source, parent, [[key, value]]),
    expect: ([data]) => setIn(data, path, value),
  });
}

/** @throws {@link ManifestError} `MANIFEST_SYNTAX` when the file has no or more than one document. */
export function onlyDocument(source: YamlSource): YamlSource['documents'][number] {
  const [document, second] = source.documents;
  if (second !== undefined)
    faultAt(source, second.contents, { code: 'MANIFEST_SYNTAX', what: 'it has more than one document' });
  if (document === undefined) {
    throw new ManifestError('MANIFEST_SYNTAX', 'it is empty', { file: source.file, line: 1, column: 1 });
  }
  return document;
}

/** Sets a value of plain data; containers on the way must exist. */
export function setIn(data: unknown, path: YamlPath, value: unknown): void {
  let at = data;
  for (const key of path.slice(0, -1)) at = isContainer(at) ? at[key] : undefined;
  const last = path.at(-1);
  if (isContainer(at) && last !== undefined) at[last] = value;
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

function parentOf(source: YamlSource, path: YamlPath): Node | null | undefined {
  const document = onlyDocument(source);
  let node: unknown = document.contents;
  for (const key of path) {
    refuseShared(source, document, node);
    if (isMap(node) && typeof key === 'string') node = pairOf(node, key)?.value;
    else if (isSeq(node) && typeof key === 'number') node = node.items[key];
    else return undefined;
  }
  return node as Node | null | undefined;
}
