import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** What every notifier answers with, whichever channel stands behind it. */
export const notifyErrors = {
  NOTIFY_UNREACHABLE: { retry: 'backoff', next: 'Check that the channel answers; messages wait and are tried again.' },
  NOTIFY_UNAUTHORISED: { retry: 'backoff', next: 'Correct the credential of the channel; messages wait meanwhile.' },
  NOTIFY_DEFERRED: { retry: 'backoff', next: 'Nothing to do: this message is tried again later.' },
  NOTIFY_REFUSED: { retry: 'never', next: 'Look at what the channel said; this message is not tried again.' },
} as const satisfies Record<string, ErrorRule>;

/**
 * A message that was not taken. Without a cause: foreign errors may hold the channel's URL, which is a credential.
 *
 * `facts.retryAfterMs`: the receiver asked to be left alone so long.
 */
export class NotifyError extends CodedError {
  override readonly name = 'NotifyError';
  readonly code: keyof typeof notifyErrors;

  constructor(code: keyof typeof notifyErrors, what: string, context?: ErrorContext) {
    super(what, notifyErrors[code], context);
    this.code = code;
  }
}
