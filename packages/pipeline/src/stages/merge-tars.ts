import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { tarEntries } from './tar-entries.ts';

/** A tar, and which of its files count; absent means all. */
export interface TarSource {
  readonly open: () => Readable;
  readonly isWanted?: (path: string) => boolean;
}

/** One tar of several; a path that stands in two comes from the later one. Each source is read once. */
export function mergeTars(sources: readonly TarSource[]): Readable {
  const merged = pack();
  copyAll(sources, merged).then(
    () => merged.finalize(),
    (error: unknown) => merged.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(merged);
}

async function copyAll(sources: readonly TarSource[], merged: Pack): Promise<void> {
  const seen = new Set<string>();
  // Later sources win, so they go first and what they hold is left out of the earlier ones.
  for (const { open, isWanted } of [...sources].reverse()) {
    const here = new Set<string>();
    for await (const entry of tarEntries(open())) {
      const name = entry.header.name.replace(/\/+$/, '');
      if (seen.has(name) || (isWanted !== undefined && entry.header.type !== 'directory' && !isWanted(name))) {
        entry.resume();
        continue;
      }
      here.add(name);
      await pipeline(entry, merged.entry(entry.header));
    }
    for (const name of here) seen.add(name);
  }
}
