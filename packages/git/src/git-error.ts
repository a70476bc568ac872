import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const gitErrors = {
  GIT_REPOSITORY_MISSING: { retry: 'never', next: 'Create the repository first, or correct its folder.' },
  GIT_REPOSITORY_FOREIGN: { retry: 'never', next: 'Run as the owner of the repository, or give it to this user.' },
  GIT_OBJECT_MISSING: { retry: 'never', next: 'Fetch the commit first, or correct its hash.' },
  GIT_FILE_TOO_LARGE: { retry: 'never', next: 'Keep large files out of what is read at once.' },
  GIT_REVISION_REFUSED: { retry: 'never', next: 'Name a full hash or a full ref, such as refs/heads/main.' },
  GIT_PATH_REFUSED: {
    retry: 'never',
    next: 'Use a relative UTF-8 path with / between parts, without `..`, `.git` and control characters.',
  },
  GIT_URL_REFUSED: {
    retry: 'never',
    next: 'Use an http or https URL without a password in it, or an absolute folder.',
  },
  GIT_INPUT_REFUSED: { retry: 'never', next: 'Correct the named value.' },
  GIT_COMMAND_FAILED: { retry: 'backoff', next: 'Read Git’s own message above.' },
  GIT_REMOTE_FAILED: { retry: 'backoff', next: 'Check that the remote is up and the credential still holds.' },
} as const satisfies Record<string, ErrorRule>;

/** What Git, or a repository, refused. */
export class GitError extends CodedError {
  override readonly name = 'GitError';
  readonly code: keyof typeof gitErrors;

  constructor(code: keyof typeof gitErrors, what: string, context?: ErrorContext) {
    super(what, gitErrors[code], context);
    this.code = code;
  }
}

/** A text of others, short and printable, for an error message. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
