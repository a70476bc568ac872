/** Bytes under which nothing is masked: a shorter value, such as `{`, would blot out the whole log (actions/runner#326). */
const minBytes = 6;
/** Lines that every file of their kind has: the frame of a PEM block is no secret. */
const commonLine = /^(?:-----(?:BEGIN|END) [A-Z0-9 ]+-----|[\s\p{P}\p{S}]*)$/u;

/**
 * Every spelling of the secrets that tools commonly print: raw, its lines, string members when it is JSON, base64 and
 * base64url at each of the three shifts, hexadecimal, and quoted for URIs, forms, JSON, XML, POSIX shells, Go and PowerShell.
 *
 * Not covered, and cannot be: a secret cut, reversed, encrypted or compressed.
 *
 * @returns distinct needles of 6 bytes or more, the longest first.
 */
export function secretForms(secrets: readonly string[]): readonly Uint8Array[] {
  const forms = new Map<string, Buffer>();
  for (const value of secrets.flatMap(valuesOf)) {
    for (const form of [...quotedForms(value), ...binaryForms(Buffer.from(value))]) {
      const bytes = Buffer.from(form);
      if (bytes.length >= minBytes) forms.set(bytes.toString('latin1'), bytes);
    }
  }
  return [...forms.values()].sort((a, b) => b.length - a.length);
}

/** The secret itself, without surrounding blanks and quotes, its lines, and the strings inside a JSON secret. */
function valuesOf(secret: string): readonly string[] {
  const trimmed = secret.trim();
  const unquoted = /^(["'`])([\s\S]*)\1$/.exec(trimmed)?.[2];
  const lines = trimmed.includes('\n') ? trimmed.split('\n').map((line) => line.trim()) : [];
  const parts = [...lines.filter((line) => !commonLine.test(line)), ...jsonStrings(trimmed)];
  return [secret, trimmed, ...(unquoted === undefined ? [] : [unquoted]), ...parts].filter(
    (value) => Buffer.byteLength(value) >= minBytes,
  );
}

/** Long strings of a JSON secret (a key file of a cloud, say); short ones, like `type`, are words of the log. */
function jsonStrings(secret: string): readonly string[] {
  if (!secret.startsWith('{') && !secret.startsWith('[')) return [];
  try {
    const found: string[] = [];
    JSON.parse(secret, (_key, value: unknown) => {
      if (typeof value === 'string' && value.length >= 16) found.push(value);
      return undefined;
    });
    return found;
  } catch {
    return [];
  }
}

function quotedForms(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const uri = encodeUri(value);
  const xml = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    value,
    value.replaceAll('\n', '\r\n'),
    json,
    json.replaceAll('/', '\\/'),
    escapeNonAscii(json),
    goQuoted(value),
    uri,
    uri.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams({ value }).toString().slice('value='.length),
    encodeURI(wellFormed(value)),
    uri.replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`),
    xml,
    xml.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    xml.replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
    xml.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll(/[\\"$`]/g, '\\$&'),
    value.replaceAll(/[^A-Za-z0-9_@%+=:,./-]/g, '\\$&'),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    value.replaceAll('"', '`"'),
    value.replaceAll('&', '"&"'),
  ];
}

function binaryForms(value: Buffer): readonly string[] {
  const hex = value.toString('hex');
  return [...[0, 1, 2].flatMap((shift) => base64At(value, shift)), hex, hex.toUpperCase()];
}

/**
 * The characters of a base64 text that are the secret's alone when `shift` bytes stand before it; what the bytes around
 * it decide as well is left out. At shift 0 also the whole text, as if nothing followed.
 */
function base64At(value: Buffer, shift: number): readonly string[] {
  const whole = Buffer.concat([Buffer.alloc(shift), value])
    .toString('base64')
    .replaceAll('=', '');
  const first = Math.ceil((shift * 8) / 6);
  const certain = whole.slice(first, Math.floor(((shift + value.length) * 8) / 6));
  const texts = [certain, whole.slice(first)];
  return texts.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

function wellFormed(value: string): string {
  return Buffer.from(value).toString();
}

function encodeUri(value: string): string {
  return encodeURIComponent(wellFormed(value));
}

function escapeNonAscii(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As strconv.Quote writes it, without the outer quotes: printable Unicode stays, control characters are `\x..`. */
function goQuoted(value: string): string {
  const known: Readonly<Record<string, string>> = {
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
    '"': '\\"',
    '\\': '\\\\',
  };
  return value.replaceAll(
    /[\x00-\x1f\x7f"\\]/g,
    (character) => known[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
