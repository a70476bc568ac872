import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

export function addOperatorAddCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'operator', '')
    .command('add')
    .description('Make the account of an operator and print its token; the token it had before ends')
    .argument('<name>', 'name of the operator');
  withExamples(withServer(command), ['operator add cluster-a']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./account-action.ts')).addOperator(context, args, options),
    ),
  );
}
