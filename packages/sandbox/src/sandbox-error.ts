import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const sandboxErrors = {
  SANDBOX_REQUIRED: {
    retry: 'never',
    next: 'Install bubblewrap (apt-get install bubblewrap, dnf install bubblewrap) and start again.',
  },
  SANDBOX_UNAVAILABLE: { retry: 'never', next: 'Install bubblewrap, or allow a weaker isolation.' },
  SANDBOX_BROKEN: { retry: 'backoff', next: 'Read the stage’s log; the sandbox itself did not start or ended early.' },
  SANDBOX_REQUEST_REFUSED: { retry: 'never', next: 'Correct the stage’s definition.' },
  SANDBOX_ENVIRONMENT_REFUSED: { retry: 'never', next: 'Take the variable out of the stage’s environment.' },
  SANDBOX_INPUT_UNREADABLE: { retry: 'backoff', next: 'Read tar’s own message in the stage’s log.' },
  SANDBOX_OUTPUT_UNREADABLE: { retry: 'never', next: 'Read tar’s own message in the stage’s log.' },
  SANDBOX_OUTPUT_TOO_LARGE: { retry: 'never', next: 'Declare less as output, or raise the limit.' },
  WORKSPACE_UNREACHABLE: {
    retry: 'never',
    next: 'Choose a state folder outside of private homes, or let others pass through the folder named (chmod o+x).',
  },
} as const satisfies Record<string, ErrorRule>;

/** Why a stage could not be run at all; what its commands answered is an `ExecutionResult`. */
export class SandboxError extends CodedError {
  override readonly name = 'SandboxError';
  readonly code: keyof typeof sandboxErrors;

  constructor(code: keyof typeof sandboxErrors, what: string, context?: ErrorContext) {
    super(what, sandboxErrors[code], context);
    this.code = code;
  }
}
