import { CodedError, type CommitId } from '@slipway/domain';
import type { Cancellable, GitRepository } from '@slipway/ports';
import { changeTrailer } from './manifest-edit.ts';

/** A history longer than this is not searched to its start. */
const maxCommits = 1_000_000;

/** Commits by the change id they carry, read from the branch once and then only what is new. */
export class ChangeIndex {
  readonly #repository: GitRepository;
  #byId: Map<string, CommitId> = new Map();
  #seen: CommitId | undefined;

  constructor(repository: GitRepository) {
    this.#repository = repository;
  }

  /** Reads the commits that `head` brought. A rewritten branch is read again from its start. */
  async advance(head: CommitId, options: Cancellable = {}): Promise<void> {
    if (head === this.#seen) return;
    const since = (await this.#isGrown(head, options)) ? this.#seen : undefined;
    const commits = await this.#repository.log(head, {
      limit: maxCommits,
      ...(since === undefined ? {} : { since }),
      ...options,
    });
    const fresh: Map<string, CommitId> = new Map();
    // Newest first: the oldest commit of an id is set last and stays.
    for (const commit of commits) {
      for (const [key, value] of commit.trailers) if (key === changeTrailer) fresh.set(value, commit.id);
    }
    if (since === undefined) this.#byId = fresh;
    else this.record(head, fresh);
    this.#seen = head;
  }

  /** Takes note of what is on top of the commits read so far. */
  record(head: CommitId, ids: ReadonlyMap<string, CommitId>): void {
    for (const [id, commit] of ids) if (!this.#byId.has(id)) this.#byId.set(id, commit);
    this.#seen = head;
  }

  find(id: string): CommitId | undefined {
    return this.#byId.get(id);
  }

  async #isGrown(head: CommitId, options: Cancellable): Promise<boolean> {
    if (this.#seen === undefined) return false;
    try {
      return await this.#repository.isAncestor(this.#seen, head, options);
    } catch (error) {
      // Rewritten, and what we saw has been pruned since.
      if (error instanceof CodedError && error.code === 'GIT_OBJECT_MISSING') return false;
      throw error;
    }
  }
}
