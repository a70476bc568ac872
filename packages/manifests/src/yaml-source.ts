import { Composer, type Document, isAlias, isCollection, isNode, Lexer, LineCounter, Parser, visit } from 'yaml';
import type { CST, ScalarTag } from 'yaml';
import { type FilePosition, ManifestError, type manifestErrors } from './manifest-error.ts';

/** Bounds on one YAML text (delivery.md A3): nesting is checked while reading, before anything recurses. */
const limits = { bytes: 20_971_520, nesting: 400, depth: 100, aliases: 100, documents: 20_000 } as const;

// What Kubernetes reads (YAML 1.1 through sigs.k8s.io/yaml) and YAML 1.2 does not: `defaultMode: 0644` is 420, `yes` is true.
const olderTags: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0[0-7]+$/,
    resolve: (text) => Number.parseInt(text, 8),
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/,
    resolve: (text) => /^(?:yes|on)$/i.test(text),
  },
];

/** A YAML stream read under bounds, without any fault; `text` is what node ranges count in. */
export interface YamlSource {
  readonly text: string;
  readonly file: string;
  readonly documents: readonly Document.Parsed[];
  readonly lines: LineCounter;
}

/**
 * Reads a YAML stream as Kubernetes does; empty documents are kept, duplicate keys refused.
 *
 * @param file - named in faults only.
 * @throws {@link ManifestError} `MANIFEST_SYNTAX`, `MANIFEST_TOO_LARGE`. No message quotes the file's content.
 */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const refuse = (what: string, offset: number): never => {
    throw new ManifestError('MANIFEST_TOO_LARGE', what, positionIn(lines, file, offset));
  };
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.bytes) refuse(`it has ${bytes} bytes; ${limits.bytes} are allowed`, 0);
  const documents: Document.Parsed[] = [];
  const composer = new Composer({
    keepSourceTokens: true,
    prettyErrors: false,
    logLevel: 'silent',
    merge: true,
    customTags: (tags) => [...olderTags, ...tags],
  });
  for (const document of composer.compose(boundedTokens(text, lines, refuse), false, text.length)) {
    const error = document.errors[0];
    if (error !== undefined) {
      throw new ManifestError('MANIFEST_SYNTAX', withoutContent(error), positionIn(lines, file, error.pos[0]));
    }
    documents.push(document);
    if (documents.length > limits.documents) refuse(`it has more than ${limits.documents} documents`, 0);
    boundNodes(document, refuse);
  }
  return { text, file, documents, lines };
}

/** @returns where a character stands, for a fault. */
export function positionOf(source: YamlSource, offset: number): FilePosition {
  return positionIn(source.lines, source.file, offset);
}

/** Throws a fault at a node's first character. */
export function faultAt(
  source: YamlSource,
  node: unknown,
  fault: { readonly code: keyof typeof manifestErrors; readonly what: string },
): never {
  throw new ManifestError(fault.code, fault.what, positionOf(source, startOf(node)));
}

/** Plain data of a document, with merge keys resolved as kustomize does; aliases are expanded under the bound. */
export function plainData(source: YamlSource, document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: limits.aliases });
  } catch {
    return faultAt(source, document.contents, { code: 'MANIFEST_TOO_LARGE', what: 'its aliases expand too far' });
  }
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function positionIn(lines: LineCounter, file: string, offset: number): FilePosition {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

// The parser keeps a stack of open nodes; 100,000 of them exhaust the heap, so reading stops long before.
function* boundedTokens(
  text: string,
  lines: LineCounter,
  refuse: (what: string, offset: number) => never,
): Generator<CST.Token, void> {
  const parser = new Parser((offset) => lines.addNewLine(offset));
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > limits.nesting) refuse(`it nests deeper than ${limits.depth} levels`, parser.offset);
  }
  yield* parser.end();
}

function boundNodes(document: Document.Parsed, refuse: (what: string, offset: number) => never): void {
  let aliases = 0;
  visit(document, (_key, node, ancestors) => {
    if (isAlias(node) && ++aliases > limits.aliases)
      refuse(`it has more than ${limits.aliases} aliases`, startOf(node));
    if (isCollection(node) && ancestors.filter(isCollection).length >= limits.depth)
      refuse(`it nests deeper than ${limits.depth} levels`, startOf(node));
  });
}

/** The library's messages quote some content; a Secret's must not reach a log (delivery.md A9). */
function withoutContent(error: { readonly code: string; readonly message: string }): string {
  const known: Readonly<Record<string, string>> = {
    DUPLICATE_KEY: 'a key stands twice in one mapping',
    TAB_AS_INDENT: 'a tab is used to indent',
    BAD_ALIAS: 'an alias has no anchor before it',
    MISSING_CHAR: 'a quote, comma or bracket is missing',
    BAD_INDENT: 'it is indented wrongly',
    MULTILINE_IMPLICIT_KEY: 'a key goes over more than one line',
    BLOCK_AS_IMPLICIT_KEY: 'a value stands where none may be, perhaps an unquoted colon',
  };
  return known[error.code] ?? `it is not YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`;
}
