import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const forgeErrors = {
  FORGE_HOOK_BROKEN: {
    retry: 'never',
    next: 'Nothing was taken in. Restart the server, which writes its hook again, and find out who changed it.',
  },
  FORGE_UNPROTECTED: {
    retry: 'never',
    next: 'Put the state folder on a file system that runs programs, and start again.',
  },
  FORGE_REPOSITORY_FOREIGN: { retry: 'never', next: 'Give the repository to the user that the server runs as.' },
  FORGE_HOOK_FAILED: { retry: 'backoff', next: 'Push again; if it stays, read the server’s log.' },
} as const satisfies Record<string, ErrorRule>;

/** What the built-in forge refused or found broken. */
export class ForgeError extends CodedError {
  override readonly name = 'ForgeError';
  readonly code: keyof typeof forgeErrors;

  constructor(code: keyof typeof forgeErrors, what: string, context?: ErrorContext) {
    super(what, forgeErrors[code], context);
    this.code = code;
  }
}
