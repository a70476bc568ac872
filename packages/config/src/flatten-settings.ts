import { parseYaml } from './parse-yaml.ts';

/** What a flat setting holds: lists and maps are taken apart. */
export type FlatValue = string | number | boolean;

/** Names of files that are settings; all others are only bytes. */
const settingsName = /\.(?:json|ya?ml|properties)$/;

/**
 * A settings file as flat keys, as Spring Cloud Config serves it: `a.b`, `a.list[0]`; null and what is empty are `''`.
 *
 * @returns absent for other kinds of files, and for one that is no map at its top or cannot be read.
 */
export function flattenSettings(path: string, content: Uint8Array): Readonly<Record<string, FlatValue>> | undefined {
  if (!settingsName.test(path)) return undefined;
  const text = Buffer.from(content).toString();
  if (path.endsWith('.properties')) return parseProperties(text);
  const parsed = parseYaml(text, path);
  const [document, second] = parsed.documents;
  const value: unknown = second === undefined ? document?.toJS({ maxAliasCount: 50 }) : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const flat = new Map<string, FlatValue>();
  flatten(flat, '', value);
  return Object.fromEntries(flat);
}

function flatten(into: Map<string, FlatValue>, key: string, value: unknown): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    into.set(key, value);
    return;
  }
  const parts = Array.isArray(value)
    ? value.map((part: unknown, at) => [`${key}[${at}]`, part] as const)
    : Object.entries(value ?? {}).map(
        ([name, part]) => [key === '' ? name : `${key}.${name}`, part as unknown] as const,
      );
  if (parts.length === 0 && key !== '') into.set(key, '');
  for (const [name, part] of parts) flatten(into, name, part);
}

/** `java.util.Properties`, "load": comments, continued lines, `=`, `:` or a blank between key and value, and escapes. */
function parseProperties(text: string): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  const lines = text.replaceAll(/\\(?:\r\n|\r|\n)[ \t\f]*/g, '').split(/\r\n|\r|\n/);
  for (const line of lines) {
    const trimmed = line.replace(/^[ \t\f]+/, '');
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue;
    const match = /^((?:[^\\=:\s]|\\.)*)[ \t\f]*[=:]?[ \t\f]*(.*)$/.exec(trimmed);
    if (match !== null) values.set(unescape(match[1] ?? ''), unescape(match[2] ?? ''));
  }
  return Object.fromEntries(values);
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_all, code: string | undefined, sign: string | undefined) =>
    code === undefined ? (escapes[sign ?? ''] ?? sign ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
