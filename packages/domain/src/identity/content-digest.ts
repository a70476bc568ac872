import { createHash } from 'node:crypto';
import type { Digest } from './digest.ts';

/**
 * The digest of a value by its content: SHA-256 over its JSON with sorted keys, so that equal content gives equal digests
 * whatever order it was built in. `undefined` fields do not exist.
 */
export function contentDigest(value: unknown): Digest {
  return `sha256:${createHash('sha256').update(sortedJson(value)).digest('hex')}` as Digest;
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
