import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type ServerOptions, withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `logs` is told. */
export interface LogsOptions extends ServerOptions {
  readonly follow?: boolean;
}

export function addLogsCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('logs')
    .description('Logs of a run, or of one of its stages')
    .argument('<run>', 'id of a run, as `slipway status` shows it')
    .argument('[stage]', 'default: every stage, each line led by its name')
    .option('--follow', 'go on until the run, or the stage, has ended');
  withExamples(withServer(command), [
    'logs guestbook.verify.main.4f2a91c0d3e5',
    'logs guestbook.verify.main.4f2a91c0d3e5 test --follow',
  ]).action(
    runCommand<LogsOptions>(environment, async (context, args, options) =>
      (await import('./logs-action.ts')).logs(context, args, options),
    ),
  );
}
