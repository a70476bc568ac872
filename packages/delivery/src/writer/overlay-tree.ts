import { createHash } from 'node:crypto';
import { type CommitId, parseCommitId } from '@slipway/domain';
import type { TreeFile } from '@slipway/manifests';
import type { GitFileChange } from '@slipway/ports';
import type { EditableTree } from './manifest-edit.ts';

/** A tree with changes on top: of a batch that lands together, or of an edit that is tried out. */
export class OverlayTree implements EditableTree {
  readonly #base: EditableTree;
  readonly #changes = new Map<string, GitFileChange>();
  readonly #files = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(base: EditableTree, changes: readonly GitFileChange[] = []) {
    this.#base = base;
    this.add(changes);
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    const changed = this.#changes.get(path);
    if (changed !== undefined) return changed.content;
    const read = this.#files.get(path) ?? this.#base.readFile(path);
    this.#files.set(path, read);
    return read;
  }

  async list(path: string): Promise<readonly TreeFile[]> {
    const prefix = path === '' ? '' : `${path}/`;
    const entries = (await this.#base.list(path)).filter((entry) => !this.#changes.has(entry.path));
    const written = [...this.#changes.values()].filter(
      (change) => change.content !== undefined && change.path.startsWith(prefix),
    );
    const fresh = written.map((change) => ({
      path: change.path,
      mode: change.mode ?? ('100644' as const),
      id: blobId(change.content),
    }));
    return [...entries, ...fresh].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Puts an edit's changes on top. */
  add(changes: readonly GitFileChange[]): void {
    for (const change of changes) this.#changes.set(change.path, change);
  }
}

/** Git's name of a blob: what `git hash-object` prints. */
export function blobId(content: Uint8Array | undefined): CommitId {
  const bytes = content ?? new Uint8Array();
  return parseCommitId(createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex'));
}
