import type { Conclusion, RunPhase } from '../phases.ts';
import type { PolicyChange } from '../pipeline/policy-changes.ts';
import type { UnmetGate } from '../promotion/decide-promotion.ts';
import type { BranchProtection, PullRequest, Review } from './people.ts';

/** A pipeline's run on the merge result of a pull request. */
export interface CheckFacts {
  readonly pipeline: string;
  readonly phase: RunPhase;
  readonly conclusion?: Conclusion;
}

export interface MergeFacts {
  readonly pullRequest: PullRequest;
  readonly protection: BranchProtection;
  /** Runs on the merge result as it is now. */
  readonly checks: readonly CheckFacts[];
  /** Accounts whose approval counts for the head as it is now. */
  readonly approvals: readonly string[];
  /** Standing reviews of people that ask for changes. */
  readonly objections: readonly Review[];
  /** What it would take from the gates of the target; see `policyChanges`. */
  readonly policyChanges: readonly PolicyChange[];
  /** Accounts with another role, `approver` or `admin`, whose approval for the head as it is now counts for that. */
  readonly policyApprovals: readonly string[];
  /** Head of the target branch now. */
  readonly targetHead: string;
  /** What keeps its promotion out for now: holds and windows (`entryGates`). */
  readonly entryGates: readonly UnmetGate[];
}

export type MergeDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly unmet: readonly UnmetGate[] };

/** Decides whether a pull request may be merged; every unmet rule is named (ci.md §5.12). */
export function decideMerge(facts: MergeFacts): MergeDecision {
  const { pullRequest, protection } = facts;
  const unmet: UnmetGate[] = [];
  const add = (gate: string, message: string): void => void unmet.push({ gate, message });
  if (pullRequest.state !== 'open') add('NotOpen', `It is ${pullRequest.state}.`);
  if (pullRequest.mergeCommit === undefined)
    add('Conflicts', `It conflicts with ${pullRequest.target} in ${pullRequest.conflicts.join(', ')}.`);
  if (pullRequest.base !== facts.targetHead)
    add('BaseMoved', `${pullRequest.target} has moved: the merge result is made and checked again.`);
  for (const name of protection.requiredChecks) {
    const check = facts.checks.find((one) => one.pipeline === name);
    const state = check?.phase === 'finished' ? (check.conclusion ?? 'nothing') : (check?.phase ?? 'missing');
    if (state !== 'success') add('CheckNotPassed', `Check ${name}: ${state}.`);
  }
  for (const objection of facts.objections) add('ChangesRequested', `${objection.account} asks for changes.`);
  const missing = protection.requiredApprovals - facts.approvals.length;
  if (missing > 0)
    add(
      'WaitingForApproval',
      `It waits for ${missing} approval${missing === 1 ? '' : 's'} by somebody other than its author.`,
    );
  unmet.push(...facts.entryGates);
  if (facts.policyChanges.length > 0 && !isPolicyApproved(facts)) {
    const changes = facts.policyChanges.map((change) => change.message).join(' ');
    add('PolicyChangeNotApproved', `Policy change: ${changes} It waits for an approver or admin beside its reviewers.`);
  }
  return unmet.length === 0 ? { kind: 'allowed' } : { kind: 'refused', unmet };
}

/** One person approves the policy, others the change: nobody stands in for both. */
function isPolicyApproved(facts: MergeFacts): boolean {
  return facts.policyApprovals.some(
    (account) => facts.approvals.filter((other) => other !== account).length >= facts.protection.requiredApprovals,
  );
}
