import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const serverErrors = {
  UNAUTHENTICATED: { retry: 'never', next: 'Log in with `slipway login`, or send a token.' },
  FORBIDDEN: { retry: 'never', next: 'Ask an admin for the role, or somebody who holds it to do this.' },
  NOT_FOUND: { retry: 'never', next: 'Check its name; list what there is.' },
  REQUEST_INVALID: { retry: 'never', next: 'Mend the fields named and send it again.' },
  REPOSITORY_EXISTS: { retry: 'never', next: 'Choose another name, or say the role it has.' },
  ACCOUNT_RESERVED: { retry: 'never', next: 'Choose another name.' },
  OPERATOR_KEY_UNKNOWN: { retry: 'never', next: 'Start the operator again: it enrols its key when it connects.' },
  OPERATOR_KEY_TAKEN: {
    retry: 'never',
    next: 'Ask an admin to remove the key before: `slipway operator remove-key NAME`.',
  },
  OPERATOR_KEY_REMOVED: {
    retry: 'never',
    next: "Remove signing-key.pem from the operator's folder and start it again: it makes another one.",
  },
  REPORT_REFUSED: { retry: 'never', next: 'Check which operator uses this token; each has a key of its own.' },
  ROUTE_WITHOUT_RIGHT: { retry: 'never', next: 'Say in the route which right it needs.' },
} as const satisfies Record<string, ErrorRule>;

/** What the HTTP border refuses. */
export class ServerError extends CodedError {
  override readonly name = 'ServerError';
  readonly code: keyof typeof serverErrors;

  constructor(code: keyof typeof serverErrors, what: string, context?: ErrorContext) {
    super(what, serverErrors[code], context);
    this.code = code;
  }
}

/** HTTP status of a code; everything else that is coded and final is the caller's fault (409 or 422), the rest ours. */
export const statusOf: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  REQUEST_INVALID: 400,
  REPOSITORY_EXISTS: 409,
  ACCOUNT_RESERVED: 409,
  OPERATOR_KEY_UNKNOWN: 403,
  OPERATOR_KEY_TAKEN: 409,
  OPERATOR_KEY_REMOVED: 403,
  REPORT_REFUSED: 403,
  PULL_REQUEST_UNKNOWN: 404,
  PIPELINE_RUN_UNKNOWN: 404,
  PROMOTION_UNKNOWN: 404,
  ENVIRONMENT_UNKNOWN: 404,
  REVIEW_REFUSED: 403,
  REVIEW_HEAD_MOVED: 409,
  MERGE_REFUSED: 409,
  CLOSE_REFUSED: 403,
  PROMOTION_REFUSED: 409,
  HOLD_UNKNOWN: 404,
  FREEZE_UNKNOWN: 404,
  ROLLBACK_REFUSED: 409,
  ROLLBACK_CONFLICT: 409,
  BREAK_GLASS_REFUSED: 403,
  CANARY_NOT_RUNNING: 409,
  CANARY_NOT_WAITING: 409,
};
