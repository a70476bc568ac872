import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const engineErrors = {
  STATE_UNREACHABLE: {
    retry: 'never',
    next: 'Choose a state folder outside private home folders, or let others pass through that folder (chmod o+x).',
  },
  DATABASE_NO_USER: {
    retry: 'never',
    next: 'PostgreSQL refuses to run as root: start Slipway as an ordinary user, or create the account `postgres`.',
  },
  DATABASE_PROGRAM_MISSING: {
    retry: 'never',
    next: 'Set `pg_bin` to the folder of your PostgreSQL programs, or give the URL of a PostgreSQL server.',
  },
  DATABASE_PASSWORD_MISSING: {
    retry: 'never',
    next: 'Restore the password file from a backup; the data folder was made with it.',
  },
  DATABASE_VERSION_MISMATCH: {
    retry: 'never',
    next: 'Set `pg_bin` to PostgreSQL programs of the version that wrote the data folder.',
  },
  DATABASE_START_FAILED: { retry: 'backoff', next: 'Read the end of the database log quoted above.' },
  DATABASE_STOP_FAILED: { retry: 'backoff', next: 'Wait until its clients are gone and stop it again.' },
  DATABASE_URL_INVALID: { retry: 'never', next: 'Write postgresql://user:password@host:port/database.' },
  DATABASE_UNREACHABLE: { retry: 'backoff', next: 'Check that the PostgreSQL server runs and accepts this account.' },
  EXECUTOR_ALREADY_RUNS: {
    retry: 'never',
    next: 'Stop the other process, or give this one an executor id of its own.',
  },
  ENGINE_ALREADY_RUNS: { retry: 'never', next: 'Stop the engine of this process before it starts another.' },
  ENGINE_STOPPING: { retry: 'backoff', next: 'Nothing to do: the effect runs again after the next start.' },
  EFFECT_CANCELLED: { retry: 'never', next: 'Nothing to do: whoever cancelled it has recorded why.' },
  EFFECT_KIND_UNKNOWN: { retry: 'backoff', next: 'Run the version of Slipway that knows this kind of effect.' },
  EFFECT_QUEUE_UNKNOWN: { retry: 'never', next: 'Give the queue a concurrency where the engine is composed.' },
} as const satisfies Record<string, ErrorRule>;

/** What the durable engine or its database refused. */
export class EngineError extends CodedError {
  override readonly name = 'EngineError';
  readonly code: keyof typeof engineErrors;

  constructor(code: keyof typeof engineErrors, what: string, context?: ErrorContext) {
    super(what, engineErrors[code], context);
    this.code = code;
  }
}
