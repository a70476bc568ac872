import { CodedError } from '@slipway/domain';
import { makeProgram } from './program.ts';

/** Exit codes of every command; `diff` has 1 for "differs" as `kubectl diff` has. */
const exitCodes = { failed: 1, usage: 2 } as const;

try {
  await makeProgram().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CodedError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  // What failed half-way may hold handles open; nobody waits for them.
  process.exit(exitCodes.failed);
}
