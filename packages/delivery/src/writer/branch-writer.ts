import { setTimeout as sleep } from 'node:timers/promises';
import { type CommitId, InvariantError, type Signature } from '@slipway/domain';
import type { GitCommitPlan } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import { ChangeIndex } from './change-index.ts';
import { commitMessage, type ManifestEdit } from './manifest-edit.ts';
import { OverlayTree } from './overlay-tree.ts';
import type { WritableBranch } from './writable-branch.ts';

/** Where an edit ended up. */
export interface LandedEdit {
  readonly commit: CommitId;
  /** False when the head said it already: `commit` is that head. */
  readonly isChange: boolean;
  /** True when an earlier submission of the same id had landed it. */
  readonly isReplay: boolean;
  readonly paths: readonly string[];
}

/** Settings of a writer; times in milliseconds. */
export interface WriterSettings {
  readonly committer: Signature;
  readonly now: () => string;
  /** Attempts against a branch that others move, with jittered pauses between them. */
  readonly maxAttempts: number;
  readonly checkpoint: (name: string) => Promise<void>;
}

interface Waiting {
  readonly edit: ManifestEdit;
  readonly resolve: (landed: LandedEdit) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The queue of one branch: everything waiting is applied to the newest head as one commit an edit and lands at once.
 *
 * If somebody else moved the branch, the edits are applied again to the new head: there is no textual conflict to resolve
 * and nothing is ever forced.
 */
export class BranchWriter {
  readonly #branch: WritableBranch;
  readonly #settings: WriterSettings;
  readonly #index: ChangeIndex;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;

  constructor(branch: WritableBranch, settings: WriterSettings) {
    this.#branch = branch;
    this.#settings = settings;
    this.#index = new ChangeIndex(branch.repository);
  }

  /**
   * Lands an edit; resolves when its commit stands on the branch.
   *
   * @throws what the edit's `apply` throws, or {@link DeliveryError} `CONFIG_BRANCH_MISSING`, `CONFIG_BRANCH_BUSY`, `CONFIG_PUSH_REFUSED`.
   */
  submit(edit: ManifestEdit): Promise<LandedEdit> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ edit, resolve, reject });
      this.#working ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    try {
      // One turn of the event loop lets everything that arrives together share a batch.
      await new Promise((resolve) => setImmediate(resolve));
      while (this.#waiting.length > 0) await this.#landBatch(this.#waiting.splice(0));
    } finally {
      this.#working = undefined;
    }
  }

  async #landBatch(batch: readonly Waiting[]): Promise<void> {
    let open = batch;
    try {
      for (let attempt = 1; open.length > 0; attempt++) {
        const result = await this.#attempt(open);
        open = result.left;
        if (open.length > 0 && attempt >= this.#settings.maxAttempts) {
          throw new DeliveryError(
            'CONFIG_BRANCH_BUSY',
            `Branch ${this.#branch.branch} moved under ${attempt} attempts`,
          );
        }
        if (open.length > 0) await sleep(Math.random() * Math.min(1_000, 20 * 2 ** Math.min(attempt, 6)));
      }
    } catch (error) {
      for (const waiting of open) waiting.reject(error);
    }
  }

  /** One try on the head as it is now; `left` is everything when the branch moved meanwhile. */
  async #attempt(batch: readonly Waiting[]): Promise<{ readonly left: readonly Waiting[] }> {
    const { repository } = this.#branch;
    const head = await this.#branch.head();
    if (head === undefined)
      throw new DeliveryError('CONFIG_BRANCH_MISSING', `There is no branch ${this.#branch.branch}`);
    await this.#index.advance(head);
    const planned = await this.#plan(batch, head);
    if (planned.plans.length === 0) {
      planned.settle(head, []);
      return { left: [] };
    }
    const commits = await repository.commitChain(head, planned.plans);
    const next = commits.at(-1);
    if (next === undefined) throw new InvariantError('a chain of plans made no commit');
    await this.#settings.checkpoint('manifest-committed');
    if (!(await this.#branch.land(next, head))) return { left: planned.open };
    await this.#settings.checkpoint('manifest-landed');
    planned.settle(head, commits);
    return { left: [] };
  }

  async #plan(batch: readonly Waiting[], head: CommitId): Promise<Planned> {
    const tree = new OverlayTree(this.#branch.repository, head);
    const at = this.#settings.now();
    const plans: GitCommitPlan[] = [];
    const settled: ((head: CommitId, commits: readonly CommitId[]) => void)[] = [];
    const open: Waiting[] = [];
    const planIds = new Map<string, number>();
    for (const waiting of batch) {
      const { edit } = waiting;
      const known = this.#index.find(edit.id);
      const twin = planIds.get(edit.id);
      if (known !== undefined) {
        waiting.resolve({ commit: known, isChange: true, isReplay: true, paths: [] });
        continue;
      }
      if (twin !== undefined) {
        open.push(waiting);
        settled.push((_, commits) => resolveAt(waiting, commits[twin], { isReplay: true, paths: [] }));
        continue;
      }
      try {
        const outcome = await edit.apply(tree);
        open.push(waiting);
        if (outcome.kind === 'nothing' || outcome.changes.length === 0) {
          settled.push((before, commits) =>
            waiting.resolve({ commit: commits.at(-1) ?? before, isChange: false, isReplay: false, paths: [] }),
          );
          continue;
        }
        tree.add(outcome.changes);
        const index = plans.length;
        planIds.set(edit.id, index);
        const paths = outcome.changes.map((change) => change.path);
        plans.push({
          changes: outcome.changes,
          author: edit.author,
          committer: this.#settings.committer,
          message: commitMessage(edit),
          at,
        });
        settled.push((_, commits) => resolveAt(waiting, commits[index], { isReplay: false, paths }));
      } catch (error) {
        waiting.reject(error);
      }
    }
    return { plans, open, settle: (before, commits) => settled.forEach((settle) => settle(before, commits)) };
  }
}

interface Planned {
  readonly plans: readonly GitCommitPlan[];
  /** Those that a moved branch sends into the next attempt. */
  readonly open: readonly Waiting[];
  readonly settle: (head: CommitId, commits: readonly CommitId[]) => void;
}

function resolveAt(waiting: Waiting, commit: CommitId | undefined, rest: Pick<LandedEdit, 'isReplay' | 'paths'>): void {
  if (commit === undefined) waiting.reject(new InvariantError('an edit has no commit'));
  else waiting.resolve({ commit, isChange: true, ...rest });
}
