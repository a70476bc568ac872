import { endOf, exitCodeOf, printError } from './cli/run-command.ts';
import { makeProgram } from './program.ts';

try {
  await makeProgram().parseAsync(process.argv);
} catch (error) {
  const code = endOf(error);
  if (code === undefined) process.stderr.write(`${printError(error, 'text')}\n`);
  // What failed half-way may hold handles open; nobody waits for them.
  process.exit(code ?? exitCodeOf(error));
}
