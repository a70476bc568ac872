import { CommanderError } from 'commander';
import { CodedError } from '@slipway/domain';
import { CommandEnd } from './cli/run-command.ts';
import { exitCodes } from './exit-codes.ts';
import { makeProgram } from './program.ts';

try {
  await makeProgram().parseAsync(process.argv);
} catch (error) {
  // What failed half-way may hold handles open; nobody waits for them.
  process.exit(endOf(error));
}

/** Prints what was not printed yet, and finds the exit code. */
function endOf(error: unknown): number {
  if (error instanceof CommandEnd) return error.exitCode;
  // Commander has printed: help is an answer, all else is a wrong command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof CodedError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return error instanceof CodedError ? exitCodes.failed : exitCodes.internal;
}
