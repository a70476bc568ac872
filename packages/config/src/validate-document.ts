import { type Document, isMap, isNode, isPair, isSeq, type LineCounter, type Node } from 'yaml';
import type { z } from 'zod';
import type { Fault } from './fault.ts';

export type Validated<T> =
  | { readonly value: T; readonly faults: readonly [] }
  | { readonly value: undefined; readonly faults: readonly Fault[] };

/** Holds a parsed document against a schema; every fault has the line and column of the value it is about. */
export function validateDocument<Schema extends z.ZodType>(
  document: Document.Parsed,
  schema: Schema,
  place: { readonly file: string; readonly lines: LineCounter },
): Validated<z.output<Schema>> {
  const result = schema.safeParse(toValue(document));
  if (result.success) return { value: result.data, faults: [] };
  return { value: undefined, faults: result.error.issues.flatMap((issue) => toFaults(issue, document, place)) };
}

function toValue(document: Document.Parsed): unknown {
  return document.toJS({ maxAliasCount: 50 });
}

function toFaults(
  issue: z.core.$ZodIssue,
  document: Document.Parsed,
  place: { readonly file: string; readonly lines: LineCounter },
): readonly Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      faultAt([...issue.path, key], `unknown field; ${knownHint(issue)}`, document, place),
    );
  }
  if (issue.code === 'invalid_union') {
    // A branch that objects to the value as a whole is not the one that was meant, where another got further.
    const meant = issue.errors.filter((branch) => branch.every((inner) => inner.path.length > 0));
    const nested = (meant.length > 0 ? meant : issue.errors).flat();
    if (nested.length > 0)
      return nested.flatMap((inner) => toFaults({ ...inner, path: [...issue.path, ...inner.path] }, document, place));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => faultAt(issue.path, inner.message, document, place));
  }
  return [faultAt(issue.path, issue.message, document, place)];
}

function knownHint(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0
    ? 'see the reference for the fields of this kind'
    : 'check its spelling and indentation';
}

/** A fault at the key or item that a path names. */
export function faultAt(
  path: readonly PropertyKey[],
  message: string,
  document: Document.Parsed,
  place: { readonly file: string; readonly lines: LineCounter },
): Fault {
  const offset = offsetOf(document, path);
  const { line, col } = place.lines.linePos(offset);
  return { file: place.file, line: Math.max(1, line), column: Math.max(1, col), path: printPath(path), message };
}

/** Offset of the key or item that a path names; of its nearest ancestor when it is missing. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = (isNode(document.contents) ? startOf(document.contents) : undefined) ?? document.range[0];
  for (const part of path) {
    const pair = isMap(node) ? node.items.find((item) => isPair(item) && keyOf(item.key) === String(part)) : undefined;
    const item = isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
    const next: unknown = pair === undefined ? item : pair.value;
    const mark: unknown = pair === undefined ? item : pair.key;
    if (isNode(mark)) offset = startOf(mark) ?? offset;
    if (next === undefined || next === null) return offset;
    node = next;
  }
  return offset;
}

function keyOf(key: unknown): string {
  return String((key as { value?: unknown } | null)?.value ?? key);
}

function startOf(node: Node): number | undefined {
  return node.range?.[0];
}

/** `spec.stages[1].timeout` */
export function printPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
