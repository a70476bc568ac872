import { parseCommitId } from '@slipway/domain';
import type { GitTreeEntry } from '@slipway/ports';
import { GitError, quoted } from './git-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads one tree object as it is stored: `mode SP name NUL 20 bytes`, again and again. */
export function parseTreeObject(content: Buffer, prefix: string): readonly GitTreeEntry[] {
  const entries: GitTreeEntry[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const end = content.indexOf(0, space);
    const mode = parseMode(content.toString('latin1', at, space));
    const id = parseCommitId(content.toString('hex', end + 1, end + 21));
    entries.push({ path: prefix + decodeName(content.subarray(space + 1, end)), mode, id });
    at = end + 21;
  }
  return entries;
}

/** Reads what `git ls-tree -z` prints: `mode SP type SP id TAB path NUL`. */
export function parseTreeListing(listing: Buffer, prefix: string): readonly GitTreeEntry[] {
  const entries: GitTreeEntry[] = [];
  for (let at = 0; at < listing.length; ) {
    const tab = listing.indexOf(0x09, at);
    const end = listing.indexOf(0, tab);
    const [mode = '', , id = ''] = listing.toString('latin1', at, tab).split(' ');
    const file = prefix + decodeName(listing.subarray(tab + 1, end));
    entries.push({ path: file, mode: parseMode(mode), id: parseCommitId(id) });
    at = end + 1;
  }
  return entries;
}

// Git's `canon_mode`: old trees hold 100664 and the like.
function parseMode(text: string): GitTreeEntry['mode'] {
  const mode = Number.parseInt(text, 8);
  const kind = mode & 0o170000;
  if (kind === 0o100000) return (mode & 0o100) === 0 ? '100644' : '100755';
  if (kind === 0o120000) return '120000';
  return kind === 0o040000 ? '040000' : '160000';
}

// Two names that differ only in bytes that are not UTF-8 would read as one,
// and whoever checks files by name would miss one of them.
function decodeName(name: Buffer): string {
  try {
    return utf8.decode(name);
  } catch (cause) {
    throw new GitError('GIT_PATH_REFUSED', `A tree holds the name ${quoted(name.toString('latin1'))}`, { cause });
  }
}
