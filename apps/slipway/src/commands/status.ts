import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type ServerOptions, withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `status` is told. */
export interface StatusOptions extends ServerOptions {
  readonly watch?: boolean;
}

export function addStatusCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('status')
    .description('What runs where, what waits for whom, and the newest runs')
    .option('--watch', 'print it again after every change; with JSON one document a line');
  withExamples(withServer(command), ['status', 'status --watch', 'status --output json']).action(
    runCommand<StatusOptions>(environment, async (context, _args, options) =>
      (await import('./status-action.ts')).status(context, options),
    ),
  );
}
