import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const evidenceErrors = {
  EVIDENCE_KEY_INVALID: { retry: 'never', next: 'Give an Ed25519 key as PEM: PKCS#8 to sign, SPKI to verify.' },
  EVIDENCE_JSON_REFUSED: {
    retry: 'never',
    next: 'Use only plain objects, arrays, texts, booleans and finite numbers.',
  },
  EVIDENCE_ENVELOPE_INVALID: { retry: 'never', next: 'Get the envelope again from where it is kept.' },
  EVIDENCE_SIGNATURE_REFUSED: { retry: 'never', next: 'Trust nothing in it; check which key you pinned.' },
  EVIDENCE_STATEMENT_INVALID: { retry: 'never', next: 'Only statements made by Slipway can be read here.' },
  EVIDENCE_CHECKPOINT_INVALID: { retry: 'never', next: 'Get the checkpoint again, and check which key you pinned.' },
  EVIDENCE_PROOF_RANGE: { retry: 'never', next: 'Ask for a place inside the tree.' },
  EVIDENCE_PERIOD_INVALID: { retry: 'never', next: 'Give two ISO 8601 times, the earlier one first.' },
  EVIDENCE_LOG_TRUNCATED: { retry: 'backoff', next: 'Export again when every statement has its index.' },
} as const satisfies Record<string, ErrorRule>;

/** Evidence that cannot be read, made or believed. */
export class EvidenceError extends CodedError {
  override readonly name = 'EvidenceError';
  readonly code: keyof typeof evidenceErrors;

  constructor(code: keyof typeof evidenceErrors, what: string, context?: ErrorContext) {
    super(what, evidenceErrors[code], context);
    this.code = code;
  }
}
