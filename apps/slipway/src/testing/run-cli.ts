import path from 'node:path';
import { readProgramEnvironment } from '@slipway/config/environment';
import { endOf, printError } from '../cli/run-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { makeProgram } from '../program.ts';

/** How a command ended. */
export interface CliEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process with a home of its own: settings, state and caches lie below `home`. */
export async function runCli(
  home: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CliEnd> {
  let stdout = '';
  let stderr = '';
  const environment = readProgramEnvironment({
    HOME: home,
    SLIPWAY_STATE: path.join(home, 'state'),
    SLIPWAY_CACHE: path.join(home, 'cache'),
    ...variables,
  });
  const program = makeProgram(environment, {
    writeOut: (text) => void (stdout += text),
    writeErr: (text) => void (stderr += text),
    getOutHelpWidth: () => 100,
    getErrHelpWidth: () => 100,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return { code: exitCodes.ok, stdout, stderr };
  } catch (error) {
    const code = endOf(error);
    if (code === undefined) throw new Error(printError(error, 'text'), { cause: error });
    return { code, stdout, stderr };
  }
}
