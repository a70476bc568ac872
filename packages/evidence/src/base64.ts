const standard = /^[A-Za-z0-9+/]*={0,2}$/;
const urlSafe = /^[A-Za-z0-9_-]*={0,2}$/;

/**
 * Decodes standard or URL-safe base64, padded or not, but one spelling only: unused bits must be zero, so that no two
 * texts of one alphabet and padding decode to the same bytes.
 *
 * @returns `undefined` when the text is not base64.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (!standard.test(text) && !urlSafe.test(text)) return undefined;
  const body = text.replace(/=+$/, '');
  if (text.length !== body.length && text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(body, 'base64');
  const again = bytes.toString('base64').replace(/=+$/, '');
  return again === body.replaceAll('-', '+').replaceAll('_', '/') ? bytes : undefined;
}
