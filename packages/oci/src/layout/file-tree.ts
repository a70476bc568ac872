import path from 'node:path';

/** Where a file's bytes are: a range of a file on disk, or bytes at hand. */
export type Content =
  | { readonly kind: 'range'; readonly file: string; readonly offset: number; readonly size: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** One entry of a tree of files as an image has them. Owner is root unless given. */
export type TreeEntry = (
  | { readonly kind: 'file'; readonly content: Content }
  | { readonly kind: 'folder' }
  | { readonly kind: 'link'; readonly target: string }
) & { readonly mode: number; readonly uid?: number; readonly gid?: number };

/** Entries by path from the root, without a leading slash; the root itself is not listed. */
export type FileTree = ReadonlyMap<string, TreeEntry>;

const maxHops = 40;

/**
 * Follows links as a process in that root would; `..` at the root stays there.
 *
 * @param options - `followLast` also resolves a link in the last place; `isStrict` refuses to climb above the root.
 * @returns the path from the root; parts that do not exist are kept. Absent for a loop of links.
 */
export function resolveInTree(
  tree: FileTree,
  wanted: string,
  options: { readonly followLast: boolean; readonly isStrict?: boolean },
): string | undefined {
  const todo = wanted.split('/').filter((part) => part !== '' && part !== '.');
  const done: string[] = [];
  let hops = 0;
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (part === '..') {
      if (done.pop() === undefined && options.isStrict === true) return undefined;
      continue;
    }
    const here = [...done, part].join('/');
    const entry = tree.get(here);
    if (entry?.kind !== 'link' || (todo.length === 0 && !options.followLast)) {
      done.push(part);
      continue;
    }
    hops += 1;
    if (hops > maxHops) return undefined;
    if (entry.target.startsWith('/')) done.length = 0;
    todo.unshift(...entry.target.split('/').filter((piece) => piece !== '' && piece !== '.'));
  }
  return done.join('/');
}

/** Tells whether a relative link, followed step by step through other links, climbs above the root (or never ends). */
export function climbsOut(tree: FileTree, name: string): boolean {
  return resolveInTree(tree, name, { followLast: true, isStrict: true }) === undefined;
}

/** Bytes of a content. */
export function sizeOf(content: Content): number {
  return content.kind === 'bytes' ? content.bytes.length : content.size;
}

/** Folders above a path, outermost first: `a/b/c` gives `a`, `a/b`. */
export function parentsOf(name: string): readonly string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** Paths in the order of their bytes, in which a folder comes before what it holds. */
export function sortedPaths(tree: FileTree): readonly string[] {
  return [...tree.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Tells whether a link at `name` points outside the root it stands in; an absolute target does. */
export function leavesRoot(name: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || /[\0\\]/.test(target)) return true;
  let depth = name.split('/').length - 1;
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

/** A path as the tree writes it; absent for one that leaves the root or has a forbidden sign. */
export function treePath(text: string): string | undefined {
  if (/[\0\\]/.test(text) || path.posix.isAbsolute(text)) return undefined;
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}
