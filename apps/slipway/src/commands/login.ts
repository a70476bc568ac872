import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples, withOutput } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `login` is told. */
export interface LoginOptions {
  readonly token?: string;
}

export function addLoginCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('login')
    .description('Log in at a server; keeps a token of its own in a file that only you can read')
    .argument('[url]', 'the server, or the one-time link that it printed; else SLIPWAY_URL')
    .option('--token <token>', 'a token of yours, `-` reads it from standard input; else SLIPWAY_TOKEN');
  withExamples(withOutput(command), [
    "login 'http://127.0.0.1:7780/login#token=slw_…'",
    'login http://127.0.0.1:7780 --token - < token-file',
  ]).action(
    runCommand<LoginOptions>(environment, async (context, args, options) =>
      (await import('./login-action.ts')).login(context, args, options),
    ),
  );
}
