import type { ImagePin } from '@slipway/domain';
import { isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import {
  type Entries,
  colonEnd,
  contentEnd,
  flowSeparator,
  insertAt,
  pairOf,
  planEntries,
  printEntry,
  refuseShared,
  startOf,
  styleOf,
} from './edit-map.ts';
import { printScalar } from './print-scalar.ts';
import { onlyDocument, setIn } from './set-scalar.ts';
import { applyEdit, columnOf, type Edit, type EditPlan, endOfLine, lineEndOf } from './splice.ts';
import { faultAt, readYaml, type YamlSource } from './yaml-source.ts';

/**
 * Pins images in a kustomization: `newTag`, `digest` and, when given, `newName` of each `images` entry.
 *
 * A semantic edit: only the bytes of values change, or lines are added behind the entry, the list or the file. Twice equals once.
 *
 * @param file - named in faults only.
 * @throws ManifestError `KUSTOMIZATION_INVALID`, `MANIFEST_SYNTAX` (also duplicate keys and more than one document),
 *   `MANIFEST_NODE_SHARED` for aliases, merged mappings and anchors in use, `MANIFEST_EDIT_REFUSED` for layouts that cannot be edited in place.
 */
export function setImages(text: string, pins: readonly ImagePin[], file: string): Edit {
  let edited = text;
  for (const pin of pins) edited = setImage(edited, pin, file);
  return { text: edited, changed: edited !== text };
}

function setImage(text: string, pin: ImagePin, file: string): string {
  const source = readYaml(text, file);
  const root = kustomizationOf(source);
  return applyEdit(source, planImage(source, root, pin)).text;
}

/** The root mapping of a kustomization file. */
function kustomizationOf(source: YamlSource): YAMLMap {
  const document = onlyDocument(source);
  const root = document.contents;
  const refuse = (what: string): never => faultAt(source, root, { code: 'KUSTOMIZATION_INVALID', what });
  if (!isMap(root)) return refuse('it is not a kustomization');
  refuseShared(source, document, root);
  const kind: unknown = root.get('kind');
  const apiVersion: unknown = root.get('apiVersion');
  const isKind = kind === undefined || kind === 'Kustomization' || kind === 'Component';
  const isGroup =
    apiVersion === undefined || (typeof apiVersion === 'string' && apiVersion.startsWith('kustomize.config.k8s.io/'));
  return isKind && isGroup ? root : refuse('its kind is not Kustomization');
}

function planImage(source: YamlSource, root: YAMLMap, pin: ImagePin): EditPlan {
  const document = onlyDocument(source);
  const pair = pairOf(root, 'images');
  if (pair === undefined) return addSection(source, root, pin);
  const images = pair.value;
  refuseShared(source, document, images);
  if (images === null || (isScalar(images) && images.value === null)) return fillSection(source, pair, pin);
  if (!isSeq(images)) {
    return faultAt(source, images, { code: 'KUSTOMIZATION_INVALID', what: '`images` is not a list' });
  }
  const items = images.items.map((item) => imageItem(source, item));
  const matches = items.filter((item) => item.get('name') === pin.name);
  const [item, second] = matches;
  if (second !== undefined) {
    faultAt(source, second, { code: 'KUSTOMIZATION_INVALID', what: 'this image has two entries' });
  }
  if (item === undefined) return addItem(source, images, pin);
  const entries = entriesOf(pin).slice(1);
  for (const [key] of entries) refuseShared(source, document, pairOf(item, key)?.value);
  const index = items.indexOf(item);
  return {
    splices: planEntries(source, item, entries),
    expect: ([data]) => {
      for (const [key, value] of entries) setIn(data, ['images', index, key], value);
    },
  };
}

function imageItem(source: YamlSource, item: unknown): YAMLMap {
  const document = onlyDocument(source);
  refuseShared(source, document, item);
  if (!isMap(item)) return faultAt(source, item, { code: 'KUSTOMIZATION_INVALID', what: 'an image is not a mapping' });
  refuseShared(source, document, pairOf(item, 'name')?.value);
  return item;
}

function entriesOf(pin: ImagePin): Entries {
  return [
    ['name', pin.name],
    ...(pin.newName === undefined ? [] : [['newName', pin.newName] as const]),
    ['newTag', pin.newTag],
    ['digest', pin.digest],
  ];
}

/** Behind the last item, laid out like it. */
function addItem(source: YamlSource, images: YAMLSeq, pin: ImagePin): EditPlan {
  const expect: EditPlan['expect'] = ([data]) => {
    setIn(data, ['images', images.items.length], Object.fromEntries(entriesOf(pin)));
  };
  const last = images.items.at(-1);
  const sibling = isMap(last) ? last.items[0] : undefined;
  if (images.flow === true) {
    const item = flowItem(pin, sibling);
    if (last === undefined) return { splices: [insertAt((images.range?.[0] ?? 0) + 1, item)], expect };
    const text = flowSeparator(source, images.items) + item;
    return { splices: [insertAt(contentEnd(source, last), text)], expect };
  }
  const start = startOf(last);
  const lead = source.text.slice(source.text.lastIndexOf('\n', start - 1) + 1, start);
  const dash = lead.lastIndexOf('-');
  if (dash < 0) faultAt(source, last, { code: 'MANIFEST_EDIT_REFUSED', what: 'this entry stands apart from its dash' });
  const before = ' '.repeat(columnOf(source.text, start) - (lead.length - dash));
  const gap = lead.slice(dash + 1);
  const body =
    isMap(last) && last.flow === true ? [flowItem(pin, sibling)] : entriesOf(pin).map((e) => printEntry(e, sibling));
  const item = blockItem(body, { before, gap, lineEnd: lineEndOf(source.text) });
  const at = endOfLine(source.text, contentEnd(source, last));
  return { splices: [insertAt(at, lineEndOf(source.text) + item)], expect };
}

interface BlockLayout {
  /** What stands before the dash. */
  readonly before: string;
  /** What stands behind it. */
  readonly gap: string;
  readonly lineEnd: string;
}

function blockItem(lines: readonly string[], { before, gap, lineEnd }: BlockLayout): string {
  const indent = `${before} ${' '.repeat(gap.length)}`;
  return lines.map((line, index) => (index === 0 ? `${before}-${gap}${line}` : indent + line)).join(lineEnd);
}

function flowItem(pin: ImagePin, sibling: Pair | undefined): string {
  return `{${entriesOf(pin)
    .map((entry) => printEntry(entry, sibling))
    .join(', ')}}`;
}

/** An `images:` without a value gets its first entry. */
function fillSection(source: YamlSource, pair: Pair, pin: ImagePin): EditPlan {
  const expect: EditPlan['expect'] = ([data]) => setIn(data, ['images'], [Object.fromEntries(entriesOf(pin))]);
  const node = pair.value;
  const isWritten = isScalar(node) && node.source !== '';
  const range = isWritten ? node.range : undefined;
  if (range !== undefined && range !== null) {
    return { splices: [{ start: range[0], end: range[1], text: `[${flowItem(pin, undefined)}]` }], expect };
  }
  const colon = colonEnd(pair);
  if (colon === undefined)
    return faultAt(source, pair.key, { code: 'MANIFEST_EDIT_REFUSED', what: 'this key has no colon' });
  return { splices: [insertAt(colon, ` [${flowItem(pin, undefined)}]`)], expect };
}

/** At the end of the file, or of the braces. */
function addSection(source: YamlSource, root: YAMLMap, pin: ImagePin): EditPlan {
  const expect: EditPlan['expect'] = ([data]) => setIn(data, ['images'], [Object.fromEntries(entriesOf(pin))]);
  const sibling = root.items.at(-1);
  if (root.flow === true) {
    const key = printScalar('images', styleOf(sibling?.key));
    const separator = sibling === undefined ? '' : flowSeparator(source, root.items);
    const at = sibling === undefined ? (root.range?.[0] ?? 0) + 1 : contentEnd(source, sibling);
    return { splices: [insertAt(at, `${separator}${key}: [${flowItem(pin, sibling)}]`)], expect };
  }
  const { text } = source;
  const lineEnd = lineEndOf(text);
  const column = ' '.repeat(columnOf(text, startOf(root.items[0])));
  const before = column + ' '.repeat(listIndent(source, root));
  const item = blockItem(
    entriesOf(pin).map((entry) => printEntry(entry, undefined)),
    { before, gap: ' ', lineEnd },
  );
  const section = `${column}images:${lineEnd}${item}`;
  const hasEndMarker = /^(?:\.\.\.|---)/m.test(text.slice(contentEnd(source, sibling)));
  if (hasEndMarker) {
    return { splices: [insertAt(endOfLine(text, contentEnd(source, sibling)), lineEnd + section)], expect };
  }
  const isClosed = text.endsWith('\n');
  return { splices: [insertAt(text.length, isClosed ? section + lineEnd : lineEnd + section)], expect };
}

/** How far the file indents the lists of its root. */
function listIndent(source: YamlSource, root: YAMLMap): number {
  const pair = root.items.find(({ value }) => isSeq(value) && value.flow !== true);
  if (pair === undefined) return 0;
  const dash = isSeq(pair.value) ? (pair.value.range?.[0] ?? 0) : 0;
  return Math.max(0, columnOf(source.text, dash) - columnOf(source.text, startOf(pair.key)));
}
