import { FancyAnsi } from 'fancy-ansi';
import type { CSSProperties } from 'react';

/** A piece of a log line in one style. */
export interface AnsiSpan {
  readonly text: string;
  readonly style: CSSProperties;
}

const escape = String.fromCharCode(27);
const bell = String.fromCharCode(7);
const titlesAndLinks = new RegExp(`${escape}\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\)?`, 'g');
const controls = new RegExp(`${escape}\\[[0-?]*[ -/]*[@-~]`, 'g');
const colour = new RegExp(`^${escape}\\[[\\d;]*m$`);
const strayEscapes = new RegExp(`${escape}(?!\\[[\\d;]*m)`, 'g');

const ansi = new FancyAnsi();
const parser = new DOMParser();

/** Of a log: how it is written, never where it is or what it loads. */
const allowed: Readonly<Record<string, keyof CSSProperties>> = {
  color: 'color',
  'background-color': 'backgroundColor',
  'font-weight': 'fontWeight',
  'font-style': 'fontStyle',
  opacity: 'opacity',
  'text-decoration-line': 'textDecorationLine',
  'text-decoration-style': 'textDecorationStyle',
};

/**
 * Text with ANSI codes as styled pieces.
 *
 * fancy-ansi escapes the text and writes `style` attributes, which a strict content security policy ignores; so its
 * answer is read in an inert document and only text and allowed styles are taken. Nothing in a log becomes an element.
 */
export function ansiSpans(line: string): readonly AnsiSpan[] {
  const coloured = onlyColours(line);
  if (!coloured.includes(escape)) return [{ text: coloured, style: {} }];
  const { body } = parser.parseFromString(`<body>${withoutStyles(ansi.toHtml(coloured))}</body>`, 'text/html');
  return [...body.childNodes].map((node) => ({
    text: node.textContent ?? '',
    style: isElement(node) ? parseStyle(node.getAttribute('data-style') ?? '') : {},
  }));
}

/** Codes that move a cursor or make a link would end fancy-ansi’s reading, and hide what comes after them. */
function onlyColours(line: string): string {
  return line
    .replaceAll(titlesAndLinks, '')
    .replaceAll(controls, (code) => (colour.test(code) ? code : ''))
    .replaceAll(strayEscapes, '');
}

/** Even an inert document reports a style attribute as a violation. A quote of the text itself is escaped. */
function withoutStyles(html: string): string {
  return html.replaceAll('<span style="', '<span data-style="');
}

function parseStyle(text: string): CSSProperties {
  const entries = text.split(';').flatMap((rule) => {
    const colon = rule.indexOf(':');
    const name = allowed[rule.slice(0, colon).trim()];
    const written = rule.slice(colon + 1).trim();
    // As a ground a colour is a darker one, so that text stands out from it.
    const value = name === 'backgroundColor' ? written.replace('--ansi-', '--ansi-ground-') : written;
    return colon < 1 || name === undefined || value.includes('url(') ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

function isElement(node: ChildNode): node is ChildNode & Element {
  return node.nodeType === 1;
}
