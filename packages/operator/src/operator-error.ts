import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const operatorErrors = {
  AUTHORISATION_INVALID: { retry: 'never', next: 'Check that the operator trusts the key of its server.' },
  RENDER_MISMATCH: { retry: 'never', next: 'Run server and operator with the same renderer.' },
  OBJECT_OUTSIDE_NAMESPACE: { retry: 'never', next: 'Keep every object in the namespace of its environment.' },
  PRUNE_NEEDS_CONFIRMATION: {
    retry: 'never',
    next: 'Remove these objects by hand, or bring them back in the manifests.',
  },
  REPORT_UNDELIVERED: { retry: 'backoff', next: 'Nothing to do: the next pass looks again and reports again.' },
  SERVER_KEY_CHANGED: {
    retry: 'never',
    next: "If that is meant, remove server-key.pub.pem from the operator's folder; else trust nothing that answers there.",
  },
  CANARY_NAME_TAKEN: { retry: 'never', next: 'Rename the Deployment whose name ends in -canary.' },
  ROLLOUT_FAILED: {
    retry: 'never',
    next: 'Read the logs of its pods; the release before goes on serving where it can.',
  },
  ROLLOUT_DEADLINE: { retry: 'never', next: 'Read the logs of its pods, or allow it more time (rolloutDeadline).' },
} as const satisfies Record<string, ErrorRule>;

/** Why an environment cannot be brought to what it should be. */
export class OperatorError extends CodedError {
  override readonly name = 'OperatorError';
  readonly code: keyof typeof operatorErrors;

  constructor(code: keyof typeof operatorErrors, what: string, context?: ErrorContext) {
    super(what, operatorErrors[code], context);
    this.code = code;
  }
}
