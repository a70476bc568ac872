import { XMLParser } from 'fast-xml-parser';
import { CheckError } from './check-error.ts';
import { findXmlFault } from './find-xml-fault.ts';
import { readText } from './read-text.ts';

/** An element with what a report needs of it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, CDATA included, without that of its children. */
  readonly text: string;
}

const deepest = 200;
const textKey = '#text';
const cdataKey = '#cdata';
const attributesKey = ':@';
// Entities stay as written: the five of XML and character references are decoded here, once, and no other exists.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  cdataPropName: cdataKey,
  textNodeName: textKey,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  removeNSPrefix: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: deepest,
});

/**
 * Reads XML without DTD and without entities beyond those of XML itself. A document type is refused, except, where
 * `allowsDoctype`, one that only names an outside definition (which is never fetched). Characters that XML forbids
 * become U+FFFD, because test output is full of them.
 *
 * @returns the root element.
 * @throws {@link CheckError} `REPORT_UNREADABLE` or `REPORT_TOO_LARGE`.
 */
export function readXml(
  bytes: Uint8Array,
  file: string,
  options: { readonly allowsDoctype?: boolean } = {},
): XmlElement {
  const text = readText(bytes, file).replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  const body = cutProlog(text, file, options.allowsDoctype === true);
  const fault = findXmlFault(body);
  if (fault !== undefined) throw unreadable(file, fault);
  const [root, ...others] = toElements(parse(body, file));
  if (root === undefined || others.length > 0) throw unreadable(file, 'it does not have one root element');
  return root;
}

/** The error for a file that is no report. */
export function unreadable(file: string, why: string, cause?: unknown): CheckError {
  return new CheckError('REPORT_UNREADABLE', `${file} cannot be read: ${why}`, { facts: { file }, cause });
}

function parse(body: string, file: string): unknown {
  try {
    return parser.parse(body);
  } catch (cause) {
    throw unreadable(file, 'it is not well-formed XML', cause);
  }
}

/** What comes before the root element is taken away, so that the parser never meets a document type. */
function cutProlog(text: string, file: string, allowsDoctype: boolean): string {
  let rest = text.trimStart();
  for (;;) {
    const part = /^(?:<\?[^]*?\?>|<!--[^]*?-->)\s*/.exec(rest)?.[0] ?? cutDoctype(rest, file, allowsDoctype);
    if (part === '') return rest;
    rest = rest.slice(part.length);
  }
}

function cutDoctype(rest: string, file: string, allowsDoctype: boolean): string {
  if (!/^<!DOCTYPE/i.test(rest)) return '';
  const doctype = /^<!DOCTYPE[^[\]<>]*>\s*/i.exec(rest)?.[0];
  if (!allowsDoctype || doctype === undefined) throw unreadable(file, 'it has a document type definition');
  return doctype;
}

function toElements(nodes: unknown): readonly XmlElement[] {
  return toNodes(nodes).flatMap((node) => {
    const [name] = Object.keys(node).filter((key) => key !== attributesKey);
    if (name === undefined || name === textKey || name === cdataKey) return [];
    const children = node[name];
    return [
      { name, attributes: toAttributes(node[attributesKey]), children: toElements(children), text: toText(children) },
    ];
  });
}

function toNodes(nodes: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(nodes) ? nodes.filter(isNode) : [];
}

function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function toAttributes(attributes: unknown): ReadonlyMap<string, string> {
  if (!isNode(attributes)) return new Map();
  return new Map(Object.entries(attributes).map(([name, value]) => [name, decodeEntities(String(value))]));
}

function toText(nodes: unknown): string {
  const parts = toNodes(nodes).map((node) => {
    const cdata = toNodes(node[cdataKey]).map((part) => ownText(part));
    return decodeEntities(ownText(node)) + cdata.join('');
  });
  return parts.join('');
}

function ownText(node: Readonly<Record<string, unknown>>): string {
  const text = node[textKey];
  return typeof text === 'string' ? text : '';
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return named[name.toLowerCase()] ?? whole;
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : '\ufffd';
  });
}
