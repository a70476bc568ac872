import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

export function addRunRetryCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'run', '')
    .command('retry')
    .description('Start the stages of a run again that did not succeed; what succeeded stands')
    .argument('<run>', 'id of a run, as `slipway status` shows it');
  withExamples(withServer(command), ['run retry guestbook.verify.main.4f2a91c0d3e5']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./control-action.ts')).controlRun(context, args, { ...options, verb: 'retry' }),
    ),
  );
}
