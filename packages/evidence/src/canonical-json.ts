import { EvidenceError } from './evidence-error.ts';

const maximumDepth = 100;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * One text for one value: keys sorted by UTF-16 code units, no white space, numbers as ECMAScript prints them.
 *
 * A key whose value is `undefined` is left out, as `JSON.stringify` does; `undefined` anywhere else is refused.
 *
 * @throws {@link EvidenceError} `EVIDENCE_JSON_REFUSED` for what JSON cannot hold exactly: non-finite numbers, lone
 *   surrogates, class instances, functions, big integers, or more than 100 levels (so a cycle too).
 * @see RFC 8785, section 3.2.
 */
export function canonicalJson(value: unknown): string {
  return print(value, 0);
}

/** Parses JSON from outside into a value that must still be looked at; `undefined` when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Tells whether a parsed value is a JSON object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function print(value: unknown, depth: number): string {
  if (depth > maximumDepth) throw refused(`more than ${maximumDepth} levels`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return printText(value);
  if (typeof value === 'number') return printNumber(value);
  if (Array.isArray(value)) return `[${value.map((item) => print(item, depth + 1)).join(',')}]`;
  if (!isJsonObject(value) || !isPlain(value)) throw refused(`a ${typeof value}`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${printText(key)}:${print(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function printText(text: string): string {
  if (loneSurrogate.test(text)) throw refused('a lone surrogate');
  return JSON.stringify(text);
}

function printNumber(value: number): string {
  if (!Number.isFinite(value)) throw refused(`the number ${value}`);
  return JSON.stringify(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refused(what: string): EvidenceError {
  return new EvidenceError('EVIDENCE_JSON_REFUSED', `Canonical JSON cannot hold ${what}`);
}
