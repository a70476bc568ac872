import { Command, CommanderError } from 'commander';
import { CodedError, InvariantError } from '@slipway/domain';
import type { ProgramEnvironment } from '@slipway/config';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

export const outputFormats = ['text', 'json'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** What an action gets: where it runs, where it prints, and when it must end. */
export interface CommandContext {
  readonly environment: ProgramEnvironment;
  readonly output: OutputFormat;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** A line on standard output. */
  readonly print: (text: string) => void;
  /** Bytes on standard output as they are. */
  readonly write: (text: string) => void;
  /** The one answer of a command: a JSON document, or text for people. */
  readonly answer: (value: unknown, text: () => string) => void;
  /** A line on standard error, for people who wait; never in JSON. */
  readonly progress: (text: string) => void;
}

/** Ends the program with a code that is not 0, after everything was printed. */
export class CommandEnd extends Error {
  override readonly name = 'CommandEnd';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

export type CommandBody<Options> = (
  context: CommandContext,
  args: readonly string[],
  options: Options,
) => Promise<ExitCode | undefined>;

/**
 * Makes an action of a body: errors are printed with what to do next, and become the exit code of the table.
 *
 * @param settings - `failedAs`: the code in place of `failed`, for a command where that is an answer.
 */
export function runCommand<Options extends object>(
  environment: ProgramEnvironment,
  body: CommandBody<Options>,
  settings: { readonly failedAs?: ExitCode } = {},
): (...raw: readonly unknown[]) => Promise<void> {
  return async (...raw) => {
    const command = raw.at(-1);
    if (!(command instanceof Command)) throw new InvariantError('an action without its command');
    const ending = new AbortController();
    const end = (): void => ending.abort();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end);
    const context = contextOf(environment, command, ending.signal);
    try {
      const code = (await body(context, command.args, command.opts<Options>())) ?? exitCodes.ok;
      if (code !== exitCodes.ok) throw new CommandEnd(code);
    } catch (error) {
      if (error instanceof CommandEnd) throw error;
      if (ending.signal.aborted) throw new CommandEnd(exitCodes.cancelled);
      command.configureOutput().writeErr?.(`${printError(error, context.output)}\n`);
      const code = exitCodeOf(error);
      throw new CommandEnd(code === exitCodes.failed ? (settings.failedAs ?? code) : code);
    } finally {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, end);
    }
  };
}

function contextOf(environment: ProgramEnvironment, command: Command, signal: AbortSignal): CommandContext {
  const configured = command.configureOutput();
  const writeOut = (text: string): void => configured.writeOut?.(text);
  const writeErr = (text: string): void => configured.writeErr?.(text);
  const output = command.opts<{ readonly output?: OutputFormat }>().output ?? 'text';
  return {
    environment,
    output,
    signal,
    print: (text) => writeOut(`${text}\n`),
    write: writeOut,
    answer: (value, text) => writeOut(output === 'json' ? `${JSON.stringify(value, null, 2)}\n` : ended(text())),
    progress: (text) => (output === 'json' ? undefined : writeErr(`${text}\n`)),
  };
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** What went wrong, for people or as a problem document. */
export function printError(error: unknown, output: OutputFormat): string {
  const isCoded = error instanceof CodedError;
  const message = error instanceof Error ? error.message : String(error);
  if (output === 'json') {
    const problem = isCoded
      ? { code: error.code, message, next: error.next, facts: error.facts }
      : { code: 'INTERNAL', message, next: 'Report it with this text.' };
    return JSON.stringify(problem, null, 2);
  }
  if (isCoded) return message;
  return `A fault of Slipway itself: ${error instanceof Error ? (error.stack ?? message) : message}\nPlease report it with this text.`;
}

const codesByError: Readonly<Record<string, ExitCode>> = {
  CLI_USAGE: exitCodes.usage,
  CLI_NOT_LOGGED_IN: exitCodes.unauthenticated,
  CLI_OPERATOR_TOKEN_MISSING: exitCodes.unauthenticated,
  UNAUTHENTICATED: exitCodes.unauthenticated,
  FORBIDDEN: exitCodes.forbidden,
  REVIEW_REFUSED: exitCodes.forbidden,
  BREAK_GLASS_REFUSED: exitCodes.forbidden,
  REGISTRY_UNAUTHORISED: exitCodes.unauthenticated,
  REGISTRY_DENIED: exitCodes.forbidden,
  REGISTRY_UNREACHABLE: exitCodes.unreachable,
  CLI_SERVER_UNREACHABLE: exitCodes.unreachable,
};

/** The row of the table that an error belongs to. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof CodedError)) return exitCodes.internal;
  return codesByError[error.code] ?? exitCodes.failed;
}

/** The code that the program ends with, from whatever a command threw; absent when nothing has been printed yet. */
export function endOf(error: unknown): ExitCode | undefined {
  if (error instanceof CommandEnd) return error.exitCode;
  // Commander has printed: help is an answer, all else is a wrong command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  return undefined;
}
