import type { PredicateKind } from '@slipway/domain';

/** What the chain of a production change must show. */
export interface ChainRequirements {
  /** Kinds without which a chain is incomplete. */
  readonly mandatory: readonly PredicateKind[];
  /** Links that count only when both statements share a subject digest: the thing proved is the thing used. */
  readonly bound: readonly { readonly from: PredicateKind; readonly to: PredicateKind }[];
  /**
   * Distinct accounts that must have approved this change: read from `predicate.approvals` of its own authorisations and
   * promotions, and from reviews with `predicate.verdict` `approved` that these promotions rest on. Whoever reviewed the code, or
   * approved an older release that is restored, has not approved this. 0 asks for none.
   */
  readonly approvals: number;
}

/** What is asked when nobody says otherwise. */
export const defaultRequirements: ChainRequirements = {
  mandatory: [
    'change',
    'pipelineRun',
    'provenance',
    'manifestCommit',
    'promotion',
    'authorisation',
    'deployment',
    'verification',
  ],
  bound: [
    { from: 'manifestCommit', to: 'provenance' },
    { from: 'deployment', to: 'authorisation' },
  ],
  approvals: 0,
};
