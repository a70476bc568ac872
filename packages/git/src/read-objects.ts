import type { CommitId } from '@slipway/domain';
import type { Cancellable, GitCommit, GitRepository, GitTreeEntry } from '@slipway/ports';
import { GitError } from './git-error.ts';
import type { GitProgram } from './git-program.ts';
import { checkHash, checkPath } from './inputs.ts';
import type { ObjectReader } from './object-reader.ts';
import { parseCommit } from './parse-commit.ts';
import { parseTreeListing, parseTreeObject } from './parse-tree.ts';
import type { Recent } from './recent.ts';

const maxCommitBytes = 4_194_304;
const maxTreeBytes = 67_108_864;
const maxFileBytes = 10_485_760;
const maxBlobsBytes = 536_870_912;
const maxListingBytes = 268_435_456;
/** Longer listings are read anew each time. */
const maxKeptEntries = 10_000;

/** What reads objects need: a fresh process for long listings, the kept one for everything else. */
export interface ReadContext {
  readonly git: GitProgram;
  readonly objects: ObjectReader;
  /** Whole trees that were listed last: every stage of a run asks for the same one. */
  readonly listings: Recent<readonly GitTreeEntry[]>;
}

export async function readCommit(
  { objects }: ReadContext,
  commit: CommitId,
  { signal }: Cancellable = {},
): Promise<GitCommit> {
  const found = await objects.contents(checkHash(commit), maxCommitBytes, signal);
  if (found?.type !== 'commit') throw missing(commit, 'commit');
  return parseCommit(found.id, found.content);
}

export async function readTree(
  context: ReadContext,
  treeish: CommitId,
  options: Parameters<GitRepository['readTree']>[1] = {},
): Promise<readonly GitTreeEntry[]> {
  const { path = '', recursive: isRecursive = true, signal } = options;
  const prefix = checkPath(path) === '' ? '' : `${path}/`;
  if (!isRecursive) return (await readFolder(context, treeish, { path, signal })) ?? [];
  const root = await findTree(context, treeish, { path, signal });
  if (root === undefined) return [];
  const key = `${root} ${prefix}`;
  const kept = context.listings.get(key);
  if (kept !== undefined) return kept;
  const { stdout } = await context.git.run(['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', root], {
    maxBytes: maxListingBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  const entries = parseTreeListing(stdout, prefix);
  if (entries.length <= maxKeptEntries) context.listings.keep(key, entries);
  return entries;
}

interface Place {
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** Entries of one folder. Absent when there is no such folder. */
export async function readFolder(
  context: ReadContext,
  treeish: CommitId,
  place: Place,
): Promise<readonly GitTreeEntry[] | undefined> {
  const root = await findTree(context, treeish, place);
  if (root === undefined) return undefined;
  const found = await context.objects.contents(root, maxTreeBytes, place.signal);
  return parseTreeObject(found?.content ?? Buffer.alloc(0), place.path === '' ? '' : `${place.path}/`);
}

export async function readFile(
  context: ReadContext,
  treeish: CommitId,
  place: Place & { readonly maxBytes?: number | undefined },
): Promise<Uint8Array | undefined> {
  const { path: file, signal, maxBytes = maxFileBytes } = place;
  if (checkPath(file) === '') return undefined;
  // A name alone does not tell a link from a file: its folder does.
  const folder = await readFolder(context, treeish, {
    path: file.slice(0, Math.max(file.lastIndexOf('/'), 0)),
    signal,
  });
  const entry = folder?.find((candidate) => candidate.path === file);
  if (entry?.mode !== '100644' && entry?.mode !== '100755') return undefined;
  const blob = await context.objects.contents(entry.id, maxBytes, signal);
  if (blob?.type !== 'blob') throw missing(entry.id, 'blob');
  return blob.content;
}

export async function readBlobs(
  { objects }: ReadContext,
  ids: readonly CommitId[],
  { signal }: Cancellable = {},
): Promise<readonly Uint8Array[]> {
  const found = await Promise.all(ids.map((id) => objects.info(checkHash(id), signal)));
  const sizes = found.map((object, index) => {
    if (object?.type !== 'blob') throw missing(ids[index] ?? '', 'blob');
    return object.size;
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > maxBlobsBytes) throw new GitError('GIT_FILE_TOO_LARGE', `${ids.length} files have ${total} bytes`);
  return Promise.all(
    ids.map(async (id) => {
      const blob = await objects.contents(id, maxBlobsBytes, signal);
      if (blob === undefined) throw missing(id, 'blob');
      return blob.content;
    }),
  );
}

/** The tree at a path; absent when nothing is there, or no tree. @throws {@link GitError} `GIT_OBJECT_MISSING` for the treeish. */
async function findTree({ objects }: ReadContext, treeish: CommitId, place: Place): Promise<CommitId | undefined> {
  checkHash(treeish);
  if (place.path !== '') {
    const found = await objects.info(`${treeish}:${place.path}`, place.signal);
    if (found !== undefined) return found.type === 'tree' ? found.id : undefined;
  }
  const root = await objects.info(`${treeish}^{tree}`, place.signal);
  if (root === undefined) throw missing(treeish, 'tree');
  return place.path === '' ? root.id : undefined;
}

export function missing(id: string, kind: string): GitError {
  return new GitError('GIT_OBJECT_MISSING', `The repository holds no ${kind} ${id}`);
}
