import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** What every target answers with, whichever adapter stands behind it. */
export const targetErrors = {
  TARGET_KIND_UNSUPPORTED: { retry: 'never', next: 'Use a kind that this target runs, or another target.' },
  TARGET_OBJECT_INVALID: { retry: 'never', next: 'Correct the named fields in the config repository.' },
  TARGET_CONFLICT: { retry: 'never', next: 'Let one manager own the field: remove it from one of the two.' },
  TARGET_UNREACHABLE: { retry: 'backoff', next: 'Check that the target runs; the next attempt asks again.' },
} as const satisfies Record<string, ErrorRule>;

/** What a target refused, or that it does not answer. */
export class TargetError extends CodedError {
  override readonly name = 'TargetError';
  readonly code: keyof typeof targetErrors;

  constructor(code: keyof typeof targetErrors, what: string, context?: ErrorContext) {
    super(what, targetErrors[code], context);
    this.code = code;
  }
}
