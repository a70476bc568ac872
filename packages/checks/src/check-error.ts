import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const checkErrors = {
  REPORT_UNREADABLE: {
    retry: 'never',
    next: 'Look at the end of the stage’s log: its tool did not finish writing it.',
  },
  REPORT_TOO_LARGE: { retry: 'never', next: 'Split the report, or leave the output of tests out of it.' },
} as const satisfies Record<string, ErrorRule>;

/** A report that says nothing we may rely on; never a pass. */
export class CheckError extends CodedError {
  override readonly name = 'CheckError';
  readonly code: keyof typeof checkErrors;

  constructor(code: keyof typeof checkErrors, what: string, context?: ErrorContext) {
    super(what, checkErrors[code], context);
    this.code = code;
  }
}
