import type { Branch, CommitId, Signature } from '@slipway/domain';
import type { Readable } from 'node:stream';

/** Every call that leaves the process takes one; the adapter adds a timeout of its own. */
export interface Cancellable {
  readonly signal?: AbortSignal;
}

export interface GitTreeEntry {
  /** Path from the root of the tree, `/` between parts. */
  readonly path: string;
  /** Git's mode: `100644`, `100755`, `120000` (link), `040000` (tree), `160000` (submodule). */
  readonly mode: '100644' | '100755' | '120000' | '040000' | '160000';
  readonly id: CommitId;
}

export interface GitCommit {
  readonly id: CommitId;
  readonly tree: CommitId;
  readonly parents: readonly CommitId[];
  readonly author: Signature & { readonly at: string };
  readonly committer: Signature & { readonly at: string };
  readonly message: string;
  /** Trailers of the message's last paragraph in order (git-interpret-trailers(1)). */
  readonly trailers: readonly (readonly [string, string])[];
}

/** A file to write (`content`), or to remove (`undefined`). */
export interface GitFileChange {
  readonly path: string;
  readonly content: Uint8Array | undefined;
  readonly mode?: '100644' | '100755';
}

/** One commit of a chain to create: its changes apply on the commit before it. */
export interface GitCommitPlan {
  readonly changes: readonly GitFileChange[];
  readonly author: Signature;
  readonly committer: Signature;
  /** Whole message, trailers included, ending in one newline. */
  readonly message: string;
  /** ISO 8601, UTC; written as author and committer date, so that a replay gives the same commit. */
  readonly at: string;
}

/** Added or changed lines of one file, 1-based and inclusive (`git diff -U0`). */
export interface ChangedLines {
  readonly path: string;
  readonly ranges: readonly (readonly [number, number])[];
}

export type MergeResult =
  | { readonly kind: 'clean'; readonly tree: CommitId }
  | { readonly kind: 'conflict'; readonly paths: readonly string[] };

/**
 * A bare repository on this machine. No work tree is ever made.
 *
 * A revision argument is a full hash or a full ref name (`refs/heads/main`); nothing that begins with a dash reaches Git.
 */
export interface GitRepository {
  readonly gitDir: string;
  /** Full ref name to commit, sorted by name. */
  listRefs(options?: Cancellable): Promise<ReadonlyMap<string, CommitId>>;
  /** Absent when the ref does not exist. */
  readRef(ref: string, options?: Cancellable): Promise<CommitId | undefined>;
  /** Peels a commit-ish. Absent when nothing has that name. */
  resolve(revision: string, options?: Cancellable): Promise<CommitId | undefined>;
  /** @throws GitError `GIT_OBJECT_MISSING`. */
  readCommit(commit: CommitId, options?: Cancellable): Promise<GitCommit>;
  /** Entries below `path` (default: root), recursive by default; trees themselves are listed only when not recursive. Empty when the path is absent. */
  readTree(
    treeish: CommitId,
    options?: Cancellable & { readonly path?: string; readonly recursive?: boolean },
  ): Promise<readonly GitTreeEntry[]>;
  /** Blob bytes. Absent when there is no such file, or it is a link, tree or submodule. @throws GitError `GIT_FILE_TOO_LARGE` above `maxBytes` (default 10 MiB). */
  readFile(
    treeish: CommitId,
    path: string,
    options?: Cancellable & { readonly maxBytes?: number },
  ): Promise<Uint8Array | undefined>;
  /** Blob bytes by object id, many in one process; order kept. */
  readBlobs(ids: readonly CommitId[], options?: Cancellable): Promise<readonly Uint8Array[]>;
  /** A tar stream of the tree, as `git archive` makes it. */
  archive(treeish: CommitId, options?: Cancellable & { readonly path?: string }): Readable;
  mergeBase(a: CommitId, b: CommitId, options?: Cancellable): Promise<CommitId | undefined>;
  isAncestor(ancestor: CommitId, descendant: CommitId, options?: Cancellable): Promise<boolean>;
  /** Three-way merge of two commits without a work tree (`git merge-tree --write-tree`). */
  merge(ours: CommitId, theirs: CommitId, options?: Cancellable): Promise<MergeResult>;
  /** Unified diff between two trees or commits, renames found, bounded to `maxBytes` (default 2 MiB, cut at a line with a note). */
  diff(
    base: CommitId,
    head: CommitId,
    options?: Cancellable & { readonly path?: string; readonly maxBytes?: number },
  ): Promise<string>;
  changedLines(base: CommitId, head: CommitId, options?: Cancellable): Promise<readonly ChangedLines[]>;
  /** Commits reachable from `head` and not from `since`, newest first, at most `limit` (default 100); `path` limits to commits that touch it. */
  log(
    head: CommitId,
    options?: Cancellable & { readonly since?: CommitId; readonly limit?: number; readonly path?: string },
  ): Promise<readonly GitCommit[]>;
  /** Writes a tree: the base tree with changes; no ref moves. */
  writeTree(base: CommitId | undefined, changes: readonly GitFileChange[], options?: Cancellable): Promise<CommitId>;
  /** Writes a commit over an existing tree; no ref moves. */
  commitTree(
    commit: { readonly tree: CommitId; readonly parents: readonly CommitId[] } & Omit<GitCommitPlan, 'changes'>,
    options?: Cancellable,
  ): Promise<CommitId>;
  /** Writes a chain of commits on `parent` in one Git process (`git fast-import`); no ref of the repository moves. Ids in plan order. */
  commitChain(
    parent: CommitId | undefined,
    plans: readonly GitCommitPlan[],
    options?: Cancellable,
  ): Promise<readonly CommitId[]>;
  /**
   * Moves a ref if it still points at `expected` (`undefined`: does not exist). `next` absent deletes.
   *
   * @returns false when somebody else moved it; nothing has changed then.
   */
  updateRef(
    ref: string,
    next: CommitId | undefined,
    expected: CommitId | undefined,
    options?: Cancellable,
  ): Promise<boolean>;
  /** Fetches refspecs from a remote. The credential goes by environment, never in the URL or an argument. */
  fetch(
    remote: GitRemote,
    refspecs: readonly string[],
    options?: Cancellable & { readonly depth?: number },
  ): Promise<void>;
  /** Pushes `commit` to a branch, never by force. `rejected`: the branch is no longer at `expected`, or the remote refused; `reason` is its text. */
  push(
    remote: GitRemote,
    commit: CommitId,
    branch: Branch,
    options?: Cancellable,
  ): Promise<
    { readonly kind: 'pushed' } | { readonly kind: 'rejected'; readonly reason: string; readonly isStale: boolean }
  >;
  listRemote(remote: GitRemote, options?: Cancellable): Promise<ReadonlyMap<string, CommitId>>;
}

/** `url` is http(s) or an absolute folder; other schemes, `ext::` and a leading dash are refused (GitError `GIT_URL_REFUSED`). */
export interface GitRemote {
  readonly url: string;
  readonly credential?: { readonly username: string; readonly password: string };
}

export interface GitHost {
  /**
   * Opens an existing bare repository. @throws GitError `GIT_REPOSITORY_MISSING`.
   *
   * @param options - `quarantine`: absolute folder with the objects of a push that is not accepted yet (git-receive-pack(1),
   *   "Quarantine Environment"); they are seen beside the repository's own, what is written stays among them, no ref moves.
   */
  open(gitDir: string, options?: { readonly quarantine?: string }): Promise<GitRepository>;
  /** Makes a bare repository with `main` as HEAD and a config of our own writing; an existing one is opened. */
  create(gitDir: string): Promise<GitRepository>;
}
