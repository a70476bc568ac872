import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const hostErrors = {
  PATH_OUTSIDE_ROOT: { retry: 'never', next: 'Use a relative path that stays inside its folder.' },
  PROCESS_FAILED: { retry: 'backoff', next: 'Read the program’s own message above.' },
  PROCESS_TIMEOUT: { retry: 'backoff', next: 'Try again, or allow it more time.' },
  PROCESS_OUTPUT_TOO_LARGE: { retry: 'never', next: 'Ask for less at once.' },
  FOLDER_MISSING: { retry: 'never', next: 'Make the folder, or name another.' },
  DISK_FULL: { retry: 'backoff', next: 'Free space on that disk; what waits goes on by itself.' },
  PROGRAM_MISSING: { retry: 'never', next: 'Install the program and start again.' },
} as const satisfies Record<string, ErrorRule>;

/** What the machine refused. */
export class HostError extends CodedError {
  override readonly name = 'HostError';
  readonly code: keyof typeof hostErrors;

  constructor(code: keyof typeof hostErrors, what: string, context?: ErrorContext) {
    super(what, hostErrors[code], context);
    this.code = code;
  }
}
