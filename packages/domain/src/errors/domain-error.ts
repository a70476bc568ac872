import { CodedError, type ErrorContext, type ErrorRule } from './coded-error.ts';

/** One line a code; `docs/errors.md` is tested against this table. */
export const domainErrors = {
  DIGEST_INVALID: { retry: 'never', next: 'Write sha256: and 64 lower-case hex digits.' },
  COMMIT_ID_INVALID: { retry: 'never', next: 'Write the full Git hash: 40 lower-case hex digits.' },
  IMAGE_REFERENCE_INVALID: {
    retry: 'never',
    next: 'Write [registry/]name[:tag][@sha256:digest], not beginning with a dash.',
  },
  NAME_INVALID: {
    retry: 'never',
    next: 'Use lower-case letters, digits and dashes, beginning with a letter or digit, 63 at most.',
  },
  REF_NAME_INVALID: { retry: 'never', next: 'Use a name that `git check-ref-format --branch` accepts.' },
  ENVIRONMENT_UNKNOWN: { retry: 'never', next: 'Name an environment of the delivery file.' },
  METRIC_CONDITION_INVALID: {
    retry: 'never',
    next: 'Write a comparison such as `<= 0.01`, `<= baseline * 1.2` or `<= baseline + 0.02`.',
  },
  STRATEGY_INVALID: { retry: 'never', next: 'Run server and operator of the same version.' },
  STAGE_CYCLE: { retry: 'never', next: 'Break the cycle in `needs`.' },
} as const satisfies Record<string, ErrorRule>;

/** A value that the domain refuses. */
export class DomainError extends CodedError {
  override readonly name = 'DomainError';
  readonly code: keyof typeof domainErrors;

  constructor(code: keyof typeof domainErrors, what: string, context?: ErrorContext) {
    super(what, domainErrors[code], context);
    this.code = code;
  }
}
