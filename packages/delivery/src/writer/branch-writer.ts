import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, type CommitId, InvariantError, type Signature } from '@slipway/domain';
import type { Cancellable } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import { ChangeIndex } from './change-index.ts';
import type { ManifestEdit } from './manifest-edit.ts';
import { type EditFate, landedAs, type LandedEdit, planBatch } from './plan-batch.ts';
import type { WritableBranch } from './writable-branch.ts';

/** Settings of a writer; times in milliseconds. */
export interface WriterSettings {
  readonly committer: Signature;
  readonly now: () => string;
  /** Attempts against a branch that others move, or a remote that fails, with jittered pauses between them. */
  readonly maxAttempts: number;
  readonly checkpoint: (name: string) => Promise<void>;
  /** Ends everything this writer has under way; what had landed by then stays. */
  readonly signal?: AbortSignal;
  /** What an earlier writer of the same branch knew. @default read from the branch */
  readonly index?: ChangeIndex;
}

interface Waiting {
  readonly edit: ManifestEdit;
  readonly resolve: (landed: LandedEdit) => void;
  readonly reject: (error: unknown) => void;
}

/** Commits of one push: bounds the memory of a batch and the work lost when the branch moves under it. */
const maxBatch = 1_000;
const firstPauseMs = 20;
const longestPauseMs = 1_000;

/**
 * The queue of one branch: everything waiting is applied to the newest head as one commit an edit and lands at once.
 *
 * If somebody else moved the branch, the edits are applied again to the new head: there is no textual conflict to resolve
 * and nothing is ever forced. An edit that Git or the remote refuses fails alone: its batch is halved until it stands by itself.
 */
export class BranchWriter {
  readonly #branch: WritableBranch;
  readonly #settings: WriterSettings;
  readonly #index: ChangeIndex;
  readonly #cancellable: Cancellable;
  #waiting: Waiting[] = [];
  /** A drain is under way; what arrives meanwhile joins it. */
  #isDraining = false;

  constructor(branch: WritableBranch, settings: WriterSettings) {
    this.#branch = branch;
    this.#settings = settings;
    this.#index = settings.index ?? new ChangeIndex(branch.repository);
    this.#cancellable = settings.signal === undefined ? {} : { signal: settings.signal };
  }

  /**
   * Lands an edit; resolves when its commit stands on the branch.
   *
   * @param options - `signal` takes the edit back while it waits; once its batch is under way, it lands.
   * @throws what the edit's `apply` throws, or {@link DeliveryError} `CHANGE_ID_INVALID`, `CONFIG_BRANCH_MISSING`,
   *   `CONFIG_BRANCH_BUSY`, `CONFIG_PUSH_REFUSED`.
   */
  async submit(edit: ManifestEdit, { signal }: Cancellable = {}): Promise<LandedEdit> {
    signal?.throwIfAborted();
    let abort = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        const waiting: Waiting = { edit, resolve, reject };
        abort = () => this.#takeBack(waiting, signal?.reason);
        signal?.addEventListener('abort', abort, { once: true });
        this.#waiting.push(waiting);
        if (!this.#isDraining) void this.#drain();
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #takeBack(waiting: Waiting, reason: unknown): void {
    const place = this.#waiting.indexOf(waiting);
    if (place === -1) return;
    this.#waiting.splice(place, 1);
    waiting.reject(reason);
  }

  async #drain(): Promise<void> {
    this.#isDraining = true;
    try {
      // One turn of the event loop lets everything that arrives together share a batch.
      await new Promise((resolve) => setImmediate(resolve));
      while (this.#waiting.length > 0) await this.#landBatch(this.#waiting.splice(0, maxBatch));
    } finally {
      this.#isDraining = false;
    }
  }

  /** Settles every edit of the batch, one way or the other; never throws. */
  async #landBatch(batch: readonly Waiting[]): Promise<void> {
    let open = batch;
    for (let attempt = 1; open.length > 0; attempt++) {
      let failure: unknown = this.#busy(attempt);
      try {
        open = await this.#attempt(open);
      } catch (error) {
        if (!isPassing(error)) return this.#isolate(open, error);
        // Perhaps only the answer was lost: the next attempt finds on the branch what has landed.
        failure = error;
      }
      if (open.length === 0) return;
      if (attempt >= this.#settings.maxAttempts) {
        rejectAll(open, failure);
        return;
      }
      const pauseMs = Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 6));
      const isAborted = await sleep(pauseMs, false, this.#cancellable).catch(() => true);
      if (isAborted) {
        rejectAll(open, this.#settings.signal?.reason);
        return;
      }
    }
  }

  #busy(attempts: number): DeliveryError {
    return new DeliveryError('CONFIG_BRANCH_BUSY', `Branch ${this.#branch.branch} moved under ${attempts} attempts`);
  }

  /** A refusal may be meant for one edit of many: each half is tried for itself. */
  async #isolate(batch: readonly Waiting[], error: unknown): Promise<void> {
    const isForAll = error instanceof DeliveryError && error.code === 'CONFIG_BRANCH_MISSING';
    if (batch.length === 1 || isForAll || this.#settings.signal?.aborted === true) {
      rejectAll(batch, error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#landBatch(batch.slice(0, half));
    await this.#landBatch(batch.slice(half));
  }

  /** One try on the head as it is now. @returns what is still to land, because the branch moved meanwhile. */
  async #attempt(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const { repository, branch } = this.#branch;
    const head = await this.#branch.head(this.#cancellable);
    if (head === undefined) throw new DeliveryError('CONFIG_BRANCH_MISSING', `There is no branch ${branch}`);
    await this.#index.advance(head, this.#cancellable);
    const planned = await planBatch(
      batch.map(({ edit }) => edit),
      { repository, head, index: this.#index, settings: this.#settings },
    );
    const commits = await repository.commitChain(head, planned.plans, this.#cancellable);
    if (commits.length !== planned.plans.length) throw new InvariantError('a chain of plans made other commits');
    const next = commits.at(-1);
    if (next !== undefined && !(await this.#land(next, head))) return settleKnown(batch, planned.fates);
    this.#index.record(commits.at(-1) ?? head, landedIds(batch, planned.fates, commits));
    for (const [place, fate] of planned.fates.entries()) settle(batch[place], fate, { head, commits });
    return [];
  }

  async #land(next: CommitId, head: CommitId): Promise<boolean> {
    await this.#settings.checkpoint('manifest-committed');
    if (!(await this.#branch.land(next, head, this.#cancellable))) return false;
    await this.#settings.checkpoint('manifest-landed');
    return true;
  }
}

interface LandedChain {
  readonly head: CommitId;
  readonly commits: readonly CommitId[];
}

function settle(waiting: Waiting | undefined, fate: EditFate, chain: LandedChain): void {
  if (fate.kind === 'failed') waiting?.reject(fate.error);
  else waiting?.resolve(landedAs(fate, chain));
}

/** What stood on the branch before needs no landing. */
function settleKnown(batch: readonly Waiting[], fates: readonly EditFate[]): readonly Waiting[] {
  return batch.filter((waiting, place) => {
    const fate = fates[place];
    if (fate?.kind !== 'known') return true;
    waiting.resolve(fate.landed);
    return false;
  });
}

function landedIds(
  batch: readonly Waiting[],
  fates: readonly EditFate[],
  commits: readonly CommitId[],
): ReadonlyMap<string, CommitId> {
  const ids = new Map<string, CommitId>();
  for (const [place, fate] of fates.entries()) {
    const commit = fate.kind === 'planned' ? commits[fate.plan] : undefined;
    const id = batch[place]?.edit.id;
    if (commit !== undefined && id !== undefined) ids.set(id, commit);
  }
  return ids;
}

function rejectAll(batch: readonly Waiting[], error: unknown): void {
  for (const waiting of batch) waiting.reject(error);
}

/** Whether the same attempt may go well a moment later. */
function isPassing(error: unknown): boolean {
  return error instanceof CodedError && error.retry !== 'never';
}
