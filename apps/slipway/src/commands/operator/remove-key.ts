import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

export function addOperatorRemoveKeyCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'operator', '')
    .command('remove-key')
    .description('Remove the key that an operator signs with, so that it may enrol another one')
    .argument('<name>', 'name of the operator');
  withExamples(withServer(command), ['operator remove-key cluster-a']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./account-action.ts')).removeOperatorKey(context, args, options),
    ),
  );
}
