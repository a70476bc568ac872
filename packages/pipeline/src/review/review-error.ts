import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const reviewErrors = {
  PULL_REQUEST_UNKNOWN: { retry: 'never', next: 'List the open ones with `slipway status`.' },
  PULL_REQUEST_EMPTY: { retry: 'never', next: 'Push a commit to the source branch first.' },
  PULL_REQUEST_BRANCH_MISSING: { retry: 'never', next: 'Push the branch first.' },
  REVIEW_REFUSED: { retry: 'never', next: 'Ask another person to review it.' },
  REVIEW_HEAD_MOVED: { retry: 'never', next: 'Look at the new head, then review that.' },
  CLOSE_REFUSED: { retry: 'never', next: 'Ask its author, or somebody who may approve it.' },
  MERGE_REFUSED: { retry: 'never', next: 'Meet every rule listed, then merge again.' },
} as const satisfies Record<string, ErrorRule>;

/** What a use case of review refuses. */
export class ReviewError extends CodedError {
  override readonly name = 'ReviewError';
  readonly code: keyof typeof reviewErrors;

  constructor(code: keyof typeof reviewErrors, what: string, context?: ErrorContext) {
    super(what, reviewErrors[code], context);
    this.code = code;
  }
}
