import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const storeErrors = {
  STORE_UNAVAILABLE: { retry: 'backoff', next: 'Check that PostgreSQL runs; what was under way is repeated.' },
  STORE_CONTENDED: { retry: 'backoff', next: 'Try again: others change the same records right now.' },
  STORE_VALUE_REFUSED: {
    retry: 'never',
    next: 'Remove the character U+0000, or the half of a character, from the text.',
  },
  STORE_NEWER: {
    retry: 'never',
    next: 'Run the version of Slipway that the database was last used with, or a newer one.',
  },
} as const satisfies Record<string, ErrorRule>;

/** What the store could not do. */
export class StoreError extends CodedError {
  override readonly name = 'StoreError';
  readonly code: keyof typeof storeErrors;

  constructor(code: keyof typeof storeErrors, what: string, context?: ErrorContext) {
    super(what, storeErrors[code], context);
    this.code = code;
  }
}
