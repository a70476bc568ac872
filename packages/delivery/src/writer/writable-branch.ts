import type { Branch, CommitId } from '@slipway/domain';
import type { Cancellable, GitRemote, GitRepository } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';

/** A branch that commits can land on. */
export interface WritableBranch {
  readonly repository: GitRepository;
  readonly branch: Branch;
  /** The newest head; everything it reaches is in `repository` afterwards. */
  head(options?: Cancellable): Promise<CommitId | undefined>;
  /**
   * Moves the branch from `expected` to `next`, never by force.
   *
   * @returns false when the branch has moved meanwhile: read the head again.
   * @throws {@link DeliveryError} `CONFIG_PUSH_REFUSED` when the other side refuses for good, `CONFIG_BRANCH_CHECKED_OUT` when a work tree holds the branch.
   */
  land(next: CommitId, expected: CommitId | undefined, options?: Cancellable): Promise<boolean>;
}

/** A branch of a bare repository on this machine that we own. */
export function localBranch(
  repository: GitRepository,
  branch: Branch,
  onLanded: (next: CommitId, before: CommitId | undefined) => Promise<void>,
): WritableBranch {
  const ref = `refs/heads/${branch}`;
  return {
    repository,
    branch,
    head: (options) => repository.readRef(ref, options),
    async land(next, expected, options) {
      const isMoved = await repository.updateRef(ref, next, expected, options);
      if (isMoved) await onLanded(next, expected);
      return isMoved;
    },
  };
}

/** A branch of a repository reached by URL or folder; `repository` is a bare mirror of it on this machine. */
export function remoteBranch(repository: GitRepository, remote: GitRemote, branch: Branch): WritableBranch {
  const ref = `refs/remotes/origin/${branch}`;
  return {
    repository,
    branch,
    async head(options) {
      try {
        await repository.fetch(remote, [`+refs/heads/${branch}:${ref}`], options);
      } catch (error) {
        // Git has one exit code for "no such branch" and "no answer"; the list of refs tells them apart.
        const heads = await repository.listRemote(remote, options).catch(() => undefined);
        if (heads === undefined || heads.has(`refs/heads/${branch}`)) throw error;
        return undefined;
      }
      return repository.readRef(ref, options);
    },
    async land(next, _expected, options) {
      const outcome = await repository.push(remote, next, branch, options);
      if (outcome.kind === 'pushed') return true;
      if (outcome.isStale) return false;
      throw refusal(branch, outcome.reason);
    },
  };
}

function refusal(branch: Branch, reason: string): DeliveryError {
  // receive-pack's own words for `receive.denyCurrentBranch` (git-config(1)).
  const isCheckedOut = reason.startsWith('branch is currently checked out');
  const code = isCheckedOut ? 'CONFIG_BRANCH_CHECKED_OUT' : 'CONFIG_PUSH_REFUSED';
  return new DeliveryError(code, `The remote refused the push to ${branch}: ${reason}`);
}
