import { CodedError, type CommitId } from '@slipway/domain';
import type { Cancellable, GitRepository } from '@slipway/ports';
import { changeTrailer } from './manifest-edit.ts';

/** A history longer than this is not searched to its start. */
const maxCommits = 1_000_000;

/** What an index knows, to be kept for a later process. */
export interface KnownChanges {
  readonly seen: CommitId;
  readonly byId: ReadonlyMap<string, CommitId>;
}

/** Commits by the change id they carry, read from the branch once and then only what is new. */
export class ChangeIndex {
  readonly #repository: GitRepository;
  #byId: Map<string, CommitId>;
  #seen: CommitId | undefined;
  #commitsRead = 0;

  /** @param known - of an earlier index of the same branch; it is not trusted further than the branch still holds `seen`. */
  constructor(repository: GitRepository, known?: KnownChanges) {
    this.#repository = repository;
    this.#seen = known?.seen;
    this.#byId = new Map(known?.byId);
  }

  /** Read from the repository so far: what another index would have to read again. */
  get commitsRead(): number {
    return this.#commitsRead;
  }

  /** Absent before anything was read. */
  get known(): KnownChanges | undefined {
    return this.#seen === undefined ? undefined : { seen: this.#seen, byId: this.#byId };
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
    this.#commitsRead += commits.length;
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
