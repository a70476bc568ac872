import { contentDigest, type Digest } from '@slipway/domain';

/** Git's mode of an entry: file, executable, link, folder, submodule. */
export type EntryMode = '100644' | '100755' | '120000' | '040000' | '160000';

/** How a closure reads one revision of a repository; paths are from its root, `/` between parts, empty for the root. */
export interface ClosureReader {
  /** Bytes of a file; absent when there is no such file. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Names directly in a folder; absent when it is no folder. */
  listFolder(path: string): Promise<readonly string[] | undefined>;
  /** Absent when nothing has that path. */
  modeOf(path: string): Promise<EntryMode | undefined>;
}

/** A file that a render needs. */
export interface ClosureEntry {
  readonly path: string;
  /** The kustomization file that names it first; itself for the root one. */
  readonly origin: string;
}

/** What one kustomization needs of its repository. */
export type Closure =
  /** Exactly these files, sorted by path. */
  | { readonly kind: 'files'; readonly files: readonly ClosureEntry[] }
  /** It cannot be told: everything counts, because of these places. */
  | { readonly kind: 'whole-tree'; readonly because: readonly string[] };

/** Bounds on one closure (delivery.md A3). */
export const closureLimits = { files: 2_000, bytes: 20_971_520, depth: 50 } as const;

/** An entry with the Git object id of its content. */
export interface IdentifiedEntry {
  readonly path: string;
  readonly id: string;
}

/** What a render depends on: changes when, and only when, a file of the closure or the renderer does. */
export function closureKey(entries: readonly IdentifiedEntry[], rendererVersion: string): Digest {
  return contentDigest({ of: 'closure', rendererVersion, entries: sorted(entries) });
}

/** Digest over what an environment's render shares with others: the entries outside its own folder. */
export function sharedInputsDigest(entries: readonly IdentifiedEntry[], environmentPath: string): Digest {
  const folder = environmentPath === '' || environmentPath === '.' ? '' : `${environmentPath.replace(/\/+$/, '')}/`;
  const shared = entries.filter(({ path }) => !path.startsWith(folder));
  return contentDigest({ of: 'shared inputs', entries: sorted(shared) });
}

/** What is rendered and authorised: the renderer, the environment's path and every byte of the output. */
export function renderDigest(rendererVersion: string, path: string, rendered: string): Digest {
  return contentDigest({ of: 'render', rendererVersion, path, rendered });
}

function sorted(entries: readonly IdentifiedEntry[]): readonly (readonly [string, string])[] {
  return entries.map(({ path, id }) => [path, id] as const).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
