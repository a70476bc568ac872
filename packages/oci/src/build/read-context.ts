import path from 'node:path';
import type { Readable } from 'node:stream';
import { ImageError } from '../errors.ts';
import { climbsOut, type FileTree, leavesRoot, parentsOf, type TreeEntry, treePath } from '../layout/file-tree.ts';
import { readTar, type TarEntry, type TarLimits } from '../layout/read-tar.ts';
import { openSpool, type Spool } from '../layout/spool.ts';

/** Of small files; a context of sources stays in memory as a whole. */
const memoryBytes = 16 * 1024 * 1024;

interface Found {
  readonly tree: Map<string, TreeEntry>;
  /** Paths by what a file system that does not tell case or normal forms apart would call them. */
  readonly folded: Map<string, string>;
  readonly spool: Spool;
}

/**
 * Reads a build context. Modes become 755 or 644, owners root, times nothing: what the machine that made the tar left in it is no
 * part of the image.
 *
 * @param options - `spoolDir` takes the files' bytes.
 * @throws ImageError `IMAGE_CONTEXT_REFUSED` for an entry that leaves the root, stands twice (also but for case), goes through a link,
 *   points outside, or is a device; `IMAGE_CONTEXT_INVALID`; `IMAGE_TOO_LARGE`.
 */
export async function readContext(
  source: Readable,
  options: { readonly spoolDir: string; readonly limits: TarLimits; readonly signal?: AbortSignal | undefined },
): Promise<FileTree> {
  const spool = await openSpool(path.join(options.spoolDir, 'context'), { memoryBytes });
  const found: Found = { tree: new Map(), folded: new Map(), spool };
  try {
    await readTar(source, { ...options, what: 'the build context' }, (entry) => takeEntry(found, entry));
  } finally {
    await spool.close();
  }
  for (const [name, entry] of found.tree) {
    if (entry.kind === 'link' && climbsOut(found.tree, name)) {
      throw new ImageError('IMAGE_CONTEXT_REFUSED', `the link ${JSON.stringify(name)} points outside the context`);
    }
  }
  return found.tree;
}

function refused(entry: TarEntry, why: string): ImageError {
  return new ImageError('IMAGE_CONTEXT_REFUSED', `the entry ${JSON.stringify(entry.name.slice(0, 200))} ${why}`);
}

async function takeEntry(found: Found, entry: TarEntry): Promise<void> {
  const name = treePath(entry.name);
  if (name === undefined) throw refused(entry, 'leaves the root of the context');
  if (name === '') {
    if (entry.type !== 'directory') throw refused(entry, 'has no name');
    entry.drain();
    return;
  }
  addParents(found, entry, name);
  const made = await makeEntry(found, entry, name);
  const old = found.tree.get(name);
  // A folder may have been made for what it holds before its own entry came; anything else is a second entry.
  if (old !== undefined && !(isImplied(old) && made.kind === 'folder')) throw refused(entry, 'stands twice');
  claim(found, entry, name);
  found.tree.set(name, made);
}

/** Mode of a folder known only from what it holds; replaced by 755 when its own entry comes or at the end. */
const impliedFolder: TreeEntry = { kind: 'folder', mode: 0o755 };

function isImplied(entry: TreeEntry): boolean {
  return entry === impliedFolder;
}

function addParents(found: Found, entry: TarEntry, name: string): void {
  for (const parent of parentsOf(name)) {
    const old = found.tree.get(parent);
    if (old === undefined) {
      claim(found, entry, parent);
      found.tree.set(parent, impliedFolder);
    } else if (old.kind !== 'folder') throw refused(entry, 'goes through something that is no folder');
  }
}

function claim(found: Found, entry: TarEntry, name: string): void {
  const folded = name.normalize('NFC').toLowerCase();
  const holder = found.folded.get(folded);
  if (holder !== undefined && holder !== name)
    throw refused(entry, `differs from ${JSON.stringify(holder)} only in case`);
  found.folded.set(folded, name);
}

async function makeEntry(found: Found, entry: TarEntry, name: string): Promise<TreeEntry> {
  if (entry.type === 'file' || entry.type === 'contiguous-file') {
    const mode = (entry.mode & 0o100) === 0 ? 0o644 : 0o755;
    return { kind: 'file', content: await found.spool.add(entry.body), mode };
  }
  entry.drain();
  if (entry.type === 'directory') return { kind: 'folder', mode: 0o755 };
  if (entry.type === 'symlink') {
    if (leavesRoot(name, entry.linkname)) throw refused(entry, 'is a link that points outside the context');
    return { kind: 'link', target: entry.linkname, mode: 0o777 };
  }
  if (entry.type !== 'link') throw refused(entry, `is a ${entry.type}`);
  const same = found.tree.get(treePath(entry.linkname) ?? '');
  if (same?.kind !== 'file') throw refused(entry, 'is a hard link to no file of the context');
  return same;
}
