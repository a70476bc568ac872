import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const cliErrors = {
  CLI_USAGE: { retry: 'never', next: 'See --help of the command.' },
  CLI_NOT_LOGGED_IN: {
    retry: 'never',
    next: 'Log in with `slipway login URL`, or set SLIPWAY_URL and SLIPWAY_TOKEN.',
  },
  CLI_SERVER_UNREACHABLE: { retry: 'backoff', next: 'Start it with `slipway up`, or check the address.' },
  CLI_ANSWER_UNREADABLE: { retry: 'never', next: 'Use the same version of program and server.' },
  CLI_SETTINGS_UNREADABLE: { retry: 'never', next: 'Remove that file and log in again.' },
  CLI_FILE_UNREADABLE: { retry: 'never', next: 'Check its name and who may read it.' },
  CLI_OUTPUT_EXISTS: { retry: 'never', next: 'Name a folder that does not exist yet.' },
  CLI_CHECKOUT_UNUSABLE: { retry: 'never', next: 'Name a Git work tree with a slipway.yaml in its root.' },
  CLI_REVISION_UNKNOWN: { retry: 'never', next: 'Name a branch, or the full hash of a commit that a branch holds.' },
  CLI_PATH_PROTECTED: {
    retry: 'never',
    next: 'Promote to it: `slipway promote APPLICATION --to ENVIRONMENT`. Only the server authorises what runs there.',
  },
  CLI_NAMESPACE_UNKNOWN: { retry: 'never', next: 'Name one with --namespace.' },
  CLI_PORT_TAKEN: { retry: 'never', next: 'Name another with --port, or end what listens there.' },
  CLI_STATE_IN_USE: { retry: 'never', next: 'End that process first, or name another folder with --state.' },
  CLI_OPERATOR_TOKEN_MISSING: {
    retry: 'never',
    next: 'Make one with `slipway operator add NAME`; give it as SLIPWAY_OPERATOR_TOKEN, or on standard input with --token -.',
  },
  CLI_PIPELINE_FAILED: { retry: 'never', next: 'Read the lines above from the first failed stage on.' },
} as const satisfies Record<string, ErrorRule>;

/** What the program refuses before, or instead of, asking a server. */
export class CliError extends CodedError {
  override readonly name = 'CliError';
  readonly code: keyof typeof cliErrors;

  constructor(code: keyof typeof cliErrors, what: string, context?: ErrorContext) {
    super(what, cliErrors[code], context);
    this.code = code;
  }
}
