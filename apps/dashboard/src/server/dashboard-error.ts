import type { Problem } from '@slipway/api';
// By its own entry: the index brings Node's own modules along, which no browser has.
import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain/coded-error';

/** One line a code; a `problem` of the server keeps the server's own code. */
export const dashboardErrors = {
  DASHBOARD_SERVER_UNREACHABLE: {
    retry: 'backoff',
    next: 'Check that Slipway is running and that you are connected, then try again.',
  },
  DASHBOARD_ANSWER_UNREADABLE: {
    retry: 'never',
    next: 'Look at the server’s log; something between it and you may have answered instead.',
  },
  DASHBOARD_FAULT: {
    retry: 'never',
    next: 'This is a fault of Slipway’s dashboard: reload the page, and report it with this text.',
  },
} as const satisfies Record<string, ErrorRule>;

interface Refusal extends ErrorContext {
  readonly problem: Problem;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
}

/** What the server refused, or why it could not be asked. */
export class DashboardError extends CodedError {
  override readonly name = 'DashboardError';
  readonly code: string;
  readonly status: number;
  readonly problem: Problem;

  constructor({ problem, status, ...context }: Refusal) {
    super(
      problem.message,
      { retry: status >= 500 || status === 0 ? 'backoff' : 'never', next: problem.next ?? '' },
      context,
    );
    this.code = problem.code;
    this.status = status;
    this.problem = problem;
  }
}

/** A refusal that names one of our own codes. */
export function dashboardError(
  code: keyof typeof dashboardErrors,
  message: string,
  context: ErrorContext & { readonly status: number },
): DashboardError {
  return new DashboardError({ ...context, problem: { code, message, next: dashboardErrors[code].next } });
}

/** Whether the server asks who we are. */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof DashboardError && error.status === 401;
}

/** A refusal in one line: what is wrong, and what to do next where the message does not say so itself. */
export function tellProblem(error: unknown): string {
  const { message, next } = problemOf(error);
  return next === undefined || message.includes(next) ? message : `${message} ${next}`;
}

/** What to tell a person: the problem of a refusal, or the text of a fault of ours. */
export function problemOf(error: unknown): Problem {
  if (error instanceof DashboardError) return error.problem;
  return {
    code: 'DASHBOARD_FAULT',
    message: error instanceof Error ? error.message : String(error),
    next: dashboardErrors.DASHBOARD_FAULT.next,
  };
}
