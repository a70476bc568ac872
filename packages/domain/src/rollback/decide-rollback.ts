import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';
import type { UnmetGate } from '../promotion/decide-promotion.ts';

/** A deployment that could be gone back to, as it is known now. */
export interface RollbackTarget {
  readonly deployment: string;
  readonly revision: CommitId;
  readonly release: Digest;
  readonly ranHealthy: boolean;
  /** Verifications of it that failed: it was healthy, but wrong. */
  readonly failedVerifications: readonly string[];
  /** Images of it that the registry no longer has. */
  readonly missingImages: readonly string[];
}

export interface RollbackFacts {
  readonly environment: string;
  /** Deployment that is authorised now. */
  readonly current?: Pick<RollbackTarget, 'deployment' | 'revision' | 'release'>;
  readonly target?: RollbackTarget;
  /** Another rollback of this environment that has not ended. */
  readonly open?: { readonly id: string; readonly requestedBy: string; readonly pullRequest?: number };
}

export type RollbackDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly unmet: readonly UnmetGate[] };

/**
 * Decides whether an environment may go back to a deployment. Pure; every reason against it is named.
 *
 * Holds, windows and freezes do not stand in its way: they are there to keep new things out.
 */
export function decideRollback(facts: RollbackFacts): RollbackDecision {
  const { environment, target, current, open } = facts;
  const unmet: UnmetGate[] = [];
  const add = (gate: string, message: string): void => void unmet.push({ gate, message });
  if (open !== undefined) {
    const where = open.pullRequest === undefined ? '' : ` (pull request ${open.pullRequest})`;
    add(
      'RollbackOpen',
      `${open.requestedBy} has begun a rollback of environment ${environment}${where}: end that one first.`,
    );
  }
  if (target === undefined) {
    add('NoTarget', `Nothing else has run healthy in environment ${environment}: there is nothing to go back to.`);
    return { kind: 'refused', unmet };
  }
  if (current?.deployment === target.deployment) add('AlreadyHere', `It runs in environment ${environment} already.`);
  if (!target.ranHealthy) add('NeverHealthy', `It never ran healthy in environment ${environment}.`);
  if (target.failedVerifications.length > 0)
    add('NotVerified', `It failed ${target.failedVerifications.join(', ')} in environment ${environment}.`);
  if (target.missingImages.length > 0)
    add(
      'ImageGone',
      `The registry no longer has ${target.missingImages.join(', ')}: push them again, or choose another release.`,
    );
  return unmet.length === 0 ? { kind: 'allowed' } : { kind: 'refused', unmet };
}
