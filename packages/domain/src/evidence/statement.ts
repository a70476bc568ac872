/** Something a statement is about, known by digest only (in-toto Statement v1, ResourceDescriptor). */
export interface Subject {
  readonly name: string;
  /** Algorithm to lower-case hex: `sha256`, `gitCommit`, `gitTree`. At least one. */
  readonly digest: Readonly<Record<string, string>>;
}

/** Predicate types of the chain, in its order. */
export const predicateTypes = {
  change: 'https://slipway.dev/predicate/change/v1',
  review: 'https://slipway.dev/predicate/review/v1',
  stage: 'https://slipway.dev/predicate/stage/v1',
  pipelineRun: 'https://slipway.dev/predicate/pipeline-run/v1',
  provenance: 'https://slsa.dev/provenance/v1',
  manifestCommit: 'https://slipway.dev/predicate/manifest-commit/v1',
  authorisation: 'https://slipway.dev/predicate/authorisation/v1',
  deployment: 'https://slipway.dev/predicate/deployment/v1',
  verification: 'https://slipway.dev/predicate/verification/v1',
  promotion: 'https://slipway.dev/predicate/promotion/v1',
  releaseTicket: 'https://slipway.dev/predicate/release-ticket/v1',
  hold: 'https://slipway.dev/predicate/hold/v1',
  canaryControl: 'https://slipway.dev/predicate/canary-control/v1',
  revocation: 'https://slipway.dev/predicate/revocation/v1',
  refusal: 'https://slipway.dev/predicate/refusal/v1',
  gate: 'https://slsa.dev/verification_summary/v1',
} as const;
export type PredicateKind = keyof typeof predicateTypes;

/**
 * What a link of the chain states. `links` names the ids of the statements it rests on; the predicate carries them
 * with the digest of their payload, so that a chain can be walked offline.
 *
 * @see in-toto attestation, spec/v1/statement.md.
 */
export interface EvidenceStatement {
  /** Deterministic and unique: recording the same id twice is one statement. */
  readonly id: string;
  readonly kind: PredicateKind;
  readonly subjects: readonly Subject[];
  readonly predicate: Readonly<Record<string, unknown>>;
  /** Ids of earlier statements. The recorder adds their digests; an unknown id is an {@link InvariantError}. */
  readonly links: readonly string[];
}

/** A state change and the statement that proves it; the store writes both in one transaction or neither. */
export interface Transition<State> {
  readonly next: State;
  readonly evidence: readonly EvidenceStatement[];
}
