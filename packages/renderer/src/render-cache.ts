import { createHash } from 'node:crypto';
import type { ClosureFile } from '@slipway/ports';

/** The most recently used renders, bounded by their size. */
export interface RenderCache {
  get(key: string): string | undefined;
  set(key: string, rendered: string): void;
}

/** @param maxBytes - of all renders together; one larger than that is not kept. */
export function createRenderCache(maxBytes: number): RenderCache {
  // A Map keeps insertion order: the first entry is the one used longest ago.
  const entries = new Map<string, { readonly rendered: string; readonly bytes: number }>();
  let held = 0;
  const drop = (key: string): void => {
    held -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.rendered;
    },
    set(key, rendered) {
      const bytes = Buffer.byteLength(rendered) + key.length;
      drop(key);
      if (bytes > maxBytes) return;
      entries.set(key, { rendered, bytes });
      held += bytes;
      for (const oldest of entries.keys()) {
        if (held <= maxBytes) break;
        drop(oldest);
      }
    },
  };
}

/** Names a render by everything it depends on. */
export function contentKey(version: string, folder: string, files: readonly ClosureFile[]): string {
  const hash = createHash('sha256').update(JSON.stringify([version, folder]));
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const { path, content } of sorted) {
    hash.update(JSON.stringify([path, content.byteLength])).update(content);
  }
  return hash.digest('hex');
}
