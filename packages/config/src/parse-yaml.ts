import { type Document, isAlias, isCollection, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Fault } from './fault.ts';

/** Bounds on what people write (ci.md A19): beyond them a file is refused before it is walked. */
const limits = { bytes: 1_048_576, depth: 40, aliases: 50, nodes: 50_000, documents: 100 } as const;

export interface ParsedYaml {
  readonly file: string;
  readonly documents: readonly Document.Parsed[];
  readonly lines: LineCounter;
  readonly faults: readonly Fault[];
}

/** Parses a YAML 1.2 stream under the bounds above; duplicate keys are faults. Documents are empty when there are faults. */
export function parseYaml(text: string, file: string): ParsedYaml {
  const lines = new LineCounter();
  const whole = (message: string): ParsedYaml => ({
    file,
    documents: [],
    lines,
    faults: [{ file, line: 1, column: 1, path: '', message }],
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.bytes) return whole(`the file has ${bytes} bytes; ${limits.bytes} are allowed`);
  if (nestingOf(text) > limits.depth * 4) return whole(`it nests deeper than ${limits.depth} levels`);
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  if (documents.length === 0 || !Array.isArray(documents)) return whole('the file is empty');
  if (documents.length > limits.documents)
    return whole(`it has ${documents.length} documents; ${limits.documents} are allowed`);
  const faults = documents.flatMap((document) => [
    ...syntaxFaults(document, file, lines),
    ...boundFaults(document, file, lines),
  ]);
  return { file, documents: faults.length > 0 ? [] : documents, lines, faults };
}

/** Flow nesting, counted before the parser recurses. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const sign of text) {
    if (sign === '[' || sign === '{') deepest = Math.max(deepest, ++depth);
    else if (sign === ']' || sign === '}') depth = Math.max(0, depth - 1);
  }
  // `- - - x` nests once a dash, on one line.
  for (const [dashes] of text.matchAll(/(?:[-?] +){20,}/g))
    deepest = Math.max(deepest, dashes.replaceAll(' ', '').length);
  return deepest;
}

function syntaxFaults(document: Document.Parsed, file: string, lines: LineCounter): readonly Fault[] {
  return [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return { file, line: Math.max(1, line), column: Math.max(1, col), path: '', message: firstLine(error.message) };
  });
}

function boundFaults(document: Document.Parsed, file: string, lines: LineCounter): readonly Fault[] {
  let aliases = 0;
  let nodes = 0;
  const faults: Fault[] = [];
  const add = (offset: number, message: string): symbol => {
    const { line, col } = lines.linePos(offset);
    faults.push({ file, line, column: col, path: '', message });
    return visit.BREAK;
  };
  visit(document, (_key, node, ancestors) => {
    const offset = (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
    if (++nodes > limits.nodes) return add(offset, `it has more than ${limits.nodes} values`);
    if (isAlias(node) && ++aliases > limits.aliases) return add(offset, `it has more than ${limits.aliases} aliases`);
    if (ancestors.filter(isCollection).length > limits.depth)
      return add(offset, `it nests deeper than ${limits.depth} levels`);
    return undefined;
  });
  return faults;
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
}
