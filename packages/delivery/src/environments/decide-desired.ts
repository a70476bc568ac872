import { asSentence, type CommitId, type DesiredState, type Digest, type Hold, type Promotion } from '@slipway/domain';

/** What decides which render of an environment may be applied. */
export interface DesiredFacts {
  readonly isEntry: boolean;
  readonly head: CommitId;
  readonly renderDigest: Digest;
  readonly release: Digest;
  /** Images of the render that are not pinned by digest, or not from a listed registry. */
  readonly refusedImages: readonly string[];
  /** Git id of the app config that the folder pins: a part of the release that the render may not show. */
  readonly appConfigTree?: string;
  readonly previous?: Pick<DesiredState, 'authorised' | 'pending'>;
  /** The promotion whose commit brought exactly this render, where there is one, with its gates met. */
  readonly promotion?: Promotion;
  /** The folder's `authorised.yaml` names this render. */
  readonly isNamedInFolder: boolean;
  /** Holds that stand on the environment: only a rollback passes them. */
  readonly holds: readonly Hold[];
  /** Why this very render was taken out before, where it was. */
  readonly abortedBecause?: string;
  readonly now: string;
}

export type DesiredDecision =
  /** The authorised render is still what the head says. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'authorise' }
  | { readonly kind: 'pending'; readonly reason: string };

/**
 * Decides what a new head means for one environment.
 *
 * Pure. No render enters an environment with an upstream but by a promotion: neither a direct push nor a change of a shared base.
 */
export function decideDesired(facts: DesiredFacts): DesiredDecision {
  const before = facts.previous?.authorised;
  const isSameAppConfig = before?.appConfig?.tree === facts.appConfigTree;
  if (before?.renderDigest === facts.renderDigest && isSameAppConfig) return { kind: 'unchanged' };
  if (facts.refusedImages.length > 0) {
    return {
      kind: 'pending',
      reason: `Not every image is pinned by digest from a listed registry: ${facts.refusedImages.join(', ')}.`,
    };
  }
  const [hold] = facts.promotion?.kind === 'rollback' ? [] : facts.holds;
  if (hold !== undefined)
    return { kind: 'pending', reason: facts.abortedBecause ?? `Held by ${hold.placedBy}: ${asSentence(hold.reason)}` };
  if (facts.isEntry) return { kind: 'authorise' };
  // What was verified upstream is the promotion's release: another one that came with its commit has no gate behind it.
  if (facts.promotion?.release === facts.release && facts.isNamedInFolder) return { kind: 'authorise' };
  if (facts.promotion !== undefined && facts.promotion.release !== facts.release) {
    return { kind: 'pending', reason: 'The commit of the promotion brought another release than the one it was for.' };
  }
  if (facts.abortedBecause !== undefined) return { kind: 'pending', reason: facts.abortedBecause };
  if (facts.isNamedInFolder) return { kind: 'pending', reason: 'Its authorised.yaml was not written by a promotion.' };
  return { kind: 'pending', reason: 'The branch changed what this environment renders to; a promotion brings it in.' };
}
