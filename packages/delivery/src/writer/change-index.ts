import type { CommitId } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { changeTrailer } from './manifest-edit.ts';

/** Commits by the change id they carry, read from the branch once and then only what is new. */
export class ChangeIndex {
  readonly #repository: GitRepository;
  readonly #byId = new Map<string, CommitId>();
  #seen: CommitId | undefined;

  constructor(repository: GitRepository) {
    this.#repository = repository;
  }

  /** Reads the commits that `head` brought. A rewritten branch is read again from its start. */
  async advance(head: CommitId): Promise<void> {
    if (head === this.#seen) return;
    const isGrown = this.#seen !== undefined && (await this.#repository.isAncestor(this.#seen, head));
    if (!isGrown) this.#byId.clear();
    const commits = await this.#repository.log(head, {
      limit: 1_000_000,
      ...(isGrown && this.#seen !== undefined ? { since: this.#seen } : {}),
    });
    // Newest first: the oldest commit of an id is set last and stays.
    for (const commit of commits) {
      for (const [key, value] of commit.trailers) if (key === changeTrailer) this.#byId.set(value, commit.id);
    }
    this.#seen = head;
  }

  find(id: string): CommitId | undefined {
    return this.#byId.get(id);
  }
}
