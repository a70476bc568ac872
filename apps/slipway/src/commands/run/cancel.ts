import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

export function addRunCancelCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'run', '')
    .command('cancel')
    .description('Cancel a run of the server: what runs is ended and leaves nothing')
    .argument('<run>', 'id of a run, as `slipway status` shows it');
  withExamples(withServer(command), ['run cancel guestbook.verify.main.4f2a91c0d3e5']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./control-action.ts')).controlRun(context, args, { ...options, verb: 'cancel' }),
    ),
  );
}
