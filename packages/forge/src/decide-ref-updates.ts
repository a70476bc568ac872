import { parseBranch, type Branch } from '@slipway/domain';
import type { ReceiveDecision, ReceivedPush, RefUpdate } from './push.ts';

export interface RefUpdateFact extends RefUpdate {
  /** Whether `before` is an ancestor of `after`; true for a new ref, false for a deletion. */
  readonly isFastForward: boolean;
  /** Whether `after` is a commit or a tag of one; true for a deletion. */
  readonly isCommit: boolean;
}

export interface ReceiveFacts {
  readonly account: string;
  readonly updates: readonly RefUpdateFact[];
  readonly protectedBranches: readonly { readonly branch: Branch; readonly requiresPullRequest: boolean }[];
  /** Accounts that write protected branches without a pull request; the config-repo writer is one. */
  readonly serviceWriters: readonly string[];
}

/**
 * Decides whether refs may move. Pure.
 *
 * No account is an exception to the rules of force-push, deletion and tags, an administrator neither.
 *
 * @returns `refused` with every ref that must not move, in the order of the push.
 */
export function decideRefUpdates(facts: ReceiveFacts): ReceiveDecision {
  const refs = facts.updates.flatMap((update) => {
    const reason = refusal(update, facts);
    return reason === undefined ? [] : [{ ref: update.ref, reason }];
  });
  if (refs.length === 0) return { kind: 'accepted' };
  return { kind: 'refused', refs, message: 'Nothing of this push was taken in.' };
}

/** Adds what {@link decideRefUpdates} needs to know of a push. */
export async function describeUpdates(
  push: Pick<ReceivedPush, 'updates' | 'reader'>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly RefUpdateFact[]> {
  return Promise.all(
    push.updates.map(async (update) => {
      const { before, after, ref } = update;
      if (after === undefined) return { ...update, isFastForward: false, isCommit: true };
      const isCommit = (await push.reader.resolve(after, options)) !== undefined;
      if (before === undefined) return { ...update, isFastForward: true, isCommit };
      // Only branches move: elsewhere every move is refused anyway.
      const isBranchMove = isCommit && ref.startsWith(branchPrefix);
      return {
        ...update,
        isFastForward: isBranchMove && (await push.reader.isAncestor(before, after, options)),
        isCommit,
      };
    }),
  );
}

const branchPrefix = 'refs/heads/';
const tagPrefix = 'refs/tags/';

function refusal(update: RefUpdateFact, facts: ReceiveFacts): string | undefined {
  if (!update.isCommit) return 'it leads to no commit';
  if (update.ref.startsWith(tagPrefix)) return tagRefusal(update);
  if (!update.ref.startsWith(branchPrefix)) return 'only branches and tags can be pushed; other refs are the server’s';
  const branch = update.ref.slice(branchPrefix.length);
  // A name that Git would take but we would not can still be removed.
  if (!isBranch(branch) && update.after !== undefined) return 'this is not a name for a branch here';
  const rule = facts.protectedBranches.find((candidate) => candidate.branch === branch);
  if (rule === undefined) return undefined;
  if (update.after === undefined) return 'a protected branch is never deleted';
  if (!update.isFastForward) return 'a protected branch is never force-pushed: fetch, and put your commits on top';
  const isExempt = update.before === undefined || facts.serviceWriters.includes(facts.account);
  if (!rule.requiresPullRequest || isExempt) return undefined;
  return 'this branch changes by pull request only: push another branch and open one';
}

function tagRefusal(update: RefUpdateFact): string | undefined {
  if (!isBranch(update.ref.slice(tagPrefix.length))) return 'this is not a name for a tag here';
  if (update.before === undefined) return undefined;
  return update.after === undefined ? 'a tag is never deleted' : 'a tag is never moved: make a new one';
}

function isBranch(text: string): boolean {
  try {
    parseBranch(text);
    return true;
  } catch {
    return false;
  }
}
