export type ScalarStyle = 'plain' | 'single' | 'double';

// Printable, no indicator at either end, nothing that a flow collection would cut.
const plainShape = /^[A-Za-z0-9_/](?:[A-Za-z0-9_./:@+-]*[A-Za-z0-9_./@+-])?$/;
const words = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
const numbers = [
  /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?$/i,
  /^[-+]?0x[0-9a-f]+$/i,
  /^[-+]?0o?[0-7]+$/i,
  /^[-+]?0b[01]+$/i,
  // YAML 1.1 base 60 and timestamps.
  /^[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?$/,
  /^\d{4}-\d{1,2}-\d{1,2}/,
];

/**
 * Prints a text so that every YAML reader, 1.1 or 1.2, reads that text back.
 *
 * @param wanted - style of the value it replaces; `plain` becomes `double` where plain would read as something else.
 */
export function printScalar(value: string, wanted: ScalarStyle): string {
  if (wanted === 'plain' && readsBackPlain(value)) return value;
  if (wanted === 'single' && /^[\x20-\x7e]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  // JSON's escapes are a subset of YAML's, but JSON leaves line separators and controls above ASCII as they are.
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function readsBackPlain(value: string): boolean {
  if (!plainShape.test(value) || words.test(value)) return false;
  // Go's readers drop underscores before they look for a number.
  const digits = value.replaceAll('_', '');
  return !numbers.some((shape) => shape.test(digits));
}
