// XML 1.0, "Names".
const nameStart =
  ':A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd';
const name = `[${nameStart}][${nameStart}\\-.\\d\\u00b7\\u0300-\\u036f\\u203f\\u2040]*`;
const value = `"[^"]*"|'[^']*'`;

// Each begins where the one before ended and never goes back: the time is linear in the length of the text.
const text = /[^<]+/y;
const aside = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?(?!xml[ ?])[^]*?\?>/y;
const closing = new RegExp(`</(${name})[ \\t\\r\\n]*>`, 'y');
const opening = new RegExp(
  `<(${name})((?:[ \\t\\r\\n]+${name}[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:${value}))*)[ \\t\\r\\n]*(/?)>`,
  'y',
);
const attribute = new RegExp(`(${name})[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:${value})`, 'g');
const strayAmpersand = /&(?!(?:#\d*|#x[\da-f]*|\w{1,20});)/i;

/** What is read so far. */
interface Reading {
  readonly open: string[];
  hasRoot: boolean;
}

/**
 * Finds what keeps a text without prolog from being well-formed XML: a report that was cut off must not count as a short
 * one. A document type is a fault. What has no meaning in a report (`<` in the value of an attribute) is let pass.
 *
 * @returns line, from 1, and fault; absent when there is none.
 */
export function findXmlFault(body: string): string | undefined {
  const reading: Reading = { open: [], hasRoot: false };
  let offset = 0;
  while (offset < body.length) {
    const { end, fault } = readToken(body, offset, reading);
    if (fault !== undefined) return `line ${body.slice(0, offset).split('\n').length}: ${fault}`;
    offset = end;
  }
  const left = reading.open.at(-1);
  if (left !== undefined) return `<${left}> is not closed at the end`;
  return reading.hasRoot ? undefined : 'it has no element';
}

interface Token {
  readonly end: number;
  readonly fault?: string | undefined;
}

function readToken(body: string, offset: number, reading: Reading): Token {
  const content = matchAt(text, body, offset);
  if (content !== undefined) return { end: offset + content[0].length, fault: faultOfText(content[0], reading) };
  const end = matchAt(closing, body, offset);
  if (end !== undefined) return { end: offset + end[0].length, fault: close(end[1] ?? '', reading) };
  const start = matchAt(opening, body, offset);
  if (start !== undefined) return { end: offset + start[0].length, fault: open(start, reading) };
  const skipped = matchAt(aside, body, offset);
  if (skipped !== undefined) return { end: offset + skipped[0].length };
  return { end: offset, fault: 'here is no tag, comment or text' };
}

function matchAt(pattern: RegExp, body: string, offset: number): RegExpExecArray | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(body) ?? undefined;
}

function faultOfText(content: string, reading: Reading): string | undefined {
  if (reading.open.length === 0) return /^[ \t\r\n]*$/.test(content) ? undefined : 'text stands outside of the root';
  return strayAmpersand.test(content) ? '“&” does not begin a reference' : undefined;
}

function close(tag: string, reading: Reading): string | undefined {
  const expected = reading.open.pop();
  return expected === tag ? undefined : `</${tag}> closes ${expected === undefined ? 'nothing' : `<${expected}>`}`;
}

function open([, tag = '', attributes = '', slash]: RegExpExecArray, reading: Reading): string | undefined {
  if (reading.open.length === 0 && reading.hasRoot) return 'there is a second root';
  reading.hasRoot = true;
  if (slash === '') reading.open.push(tag);
  const names = [...attributes.matchAll(attribute)].map((match) => match[1]);
  return new Set(names).size === names.length ? undefined : `<${tag}> has an attribute twice`;
}
