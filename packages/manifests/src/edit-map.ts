import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml';
import { printScalar, type ScalarStyle } from './print-scalar.ts';
import { columnOf, endOfLine, lineEndOf, type Splice } from './splice.ts';
import { faultAt, type YamlSource } from './yaml-source.ts';

/** Keys with the texts they must have. */
export type Entries = readonly (readonly [key: string, value: string])[];

/**
 * Plans to set keys of one mapping: existing values are replaced in their quoting style, missing keys are added behind the last one.
 *
 * @throws ManifestError `MANIFEST_NODE_SHARED` for an alias or an anchored value that is used elsewhere, `MANIFEST_EDIT_REFUSED` for
 *   block scalars, lists, mappings and foreign tags in place of a value.
 */
export function planEntries(source: YamlSource, map: YAMLMap, entries: Entries): readonly Splice[] {
  const missing = entries.filter(([key]) => pairOf(map, key) === undefined);
  const replaced = entries.flatMap(([key, value]) => {
    const pair = pairOf(map, key);
    return pair === undefined ? [] : replaceValue(source, pair, value);
  });
  return missing.length === 0 ? replaced : [...replaced, addEntries(source, map, missing)];
}

/** The pair of a key; merge keys are not followed. */
export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Refuses a node that another place of the document shares: an alias, a merged mapping, an anchor in use. */
export function refuseShared(source: YamlSource, document: Document, node: unknown): void {
  const shared = { code: 'MANIFEST_NODE_SHARED', what: 'this value is shared with another place of the file' } as const;
  if (isAlias(node)) faultAt(source, node, shared);
  if (isMap(node)) {
    const merge = node.items.find((pair) => isScalar(pair.key) && pair.key.source === '<<');
    if (merge !== undefined) faultAt(source, merge.key, shared);
  }
  const anchor = isNode(node) && 'anchor' in node ? node.anchor : undefined;
  if (anchor === undefined) return;
  visit(document, {
    Alias: (_key, alias) => (alias.source === anchor ? faultAt(source, node, shared) : undefined),
  });
}

/** The offset behind the last character of a pair, item or node; comments do not count. */
export function contentEnd(source: YamlSource, part: unknown): number {
  if (isPair(part)) {
    if (!isEmptyValue(part.value)) return contentEnd(source, part.value);
    return colonEnd(part) ?? contentEnd(source, part.key);
  }
  if (isCollection(part) && part.flow !== true && part.items.length > 0) return contentEnd(source, part.items.at(-1));
  const range = isNode(part) ? part.range : undefined;
  let end = range?.[1] ?? 0;
  // A block scalar's range holds the blank lines behind it.
  while (end > (range?.[0] ?? 0) && /\s/.test(source.text[end - 1] ?? '')) end -= 1;
  return end;
}

/** How a scalar is quoted. */
export function styleOf(node: unknown): ScalarStyle {
  if (!isScalar(node)) return 'plain';
  if (node.type === 'QUOTE_DOUBLE') return 'double';
  return node.type === 'QUOTE_SINGLE' ? 'single' : 'plain';
}

/** Prints `key: value` in the quoting of a sibling pair. */
export function printEntry([key, value]: Entries[number], sibling: Pair | undefined): string {
  const keyStyle = styleOf(sibling?.key);
  return `${printScalar(key, keyStyle)}: ${printScalar(value, styleOf(sibling?.value))}`;
}

/** What stands between two parts of a flow collection of this layout. */
export function flowSeparator(source: YamlSource, items: readonly unknown[]): string {
  const last = startOf(items.at(-1));
  const before = items.at(-2);
  const between = before === undefined ? '' : source.text.slice(contentEnd(source, before), last);
  if (/^\s*,\s*$/.test(between)) return between.trimStart();
  const isOwnLine = source.text.slice(last - columnOf(source.text, last), last).trim() === '';
  const isBroken = isOwnLine && columnOf(source.text, last) > 0;
  return isBroken ? `,${lineEndOf(source.text)}${' '.repeat(columnOf(source.text, last))}` : ', ';
}

function replaceValue(source: YamlSource, pair: Pair, value: string): readonly Splice[] {
  const node = pair.value;
  const refuse = (what: string): never => faultAt(source, node ?? pair.key, { code: 'MANIFEST_EDIT_REFUSED', what });
  if (isEmptyValue(node)) {
    const colon = colonEnd(pair) ?? refuse('this key has no colon');
    return [{ start: colon, end: colon, text: ` ${printScalar(value, 'plain')}` }];
  }
  if (!isScalar(node)) return refuse('a list or mapping stands where a text must be');
  if (node.value === value) return [];
  if (node.tag !== undefined && node.tag !== 'tag:yaml.org,2002:str') refuse('the value has a tag of its own');
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') refuse('the value is a block scalar');
  const [start, end] = node.range ?? refuse('the value has no place in the file');
  return [{ start, end, text: printScalar(value, styleOf(node)) }];
}

function addEntries(source: YamlSource, map: YAMLMap, entries: Entries): Splice {
  const sibling = map.items.at(-1);
  const texts = entries.map((entry) => printEntry(entry, sibling));
  if (map.flow === true) {
    if (sibling === undefined) return insertAt((map.range?.[0] ?? 0) + 1, texts.join(', '));
    const separator = flowSeparator(source, map.items);
    return insertAt(contentEnd(source, sibling), texts.map((text) => separator + text).join(''));
  }
  const indent = lineEndOf(source.text) + ' '.repeat(columnOf(source.text, startOf(map.items[0])));
  const at = endOfLine(source.text, contentEnd(source, sibling));
  return insertAt(at, texts.map((text) => indent + text).join(''));
}

/** An insertion. */
export function insertAt(offset: number, text: string): Splice {
  return { start: offset, end: offset, text };
}

/** The offset of a part's first character. */
export function startOf(part: unknown): number {
  const node = isPair(part) ? part.key : part;
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function isEmptyValue(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null && node.source === '');
}

/** The offset behind the colon of a pair; absent in `{key}`. */
export function colonEnd(pair: Pair): number | undefined {
  const colon = pair.srcToken?.sep?.find((token) => token.type === 'map-value-ind');
  return colon === undefined ? undefined : colon.offset + 1;
}
