import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';
import { exitCodes } from '../../exit-codes.ts';
import { configGroup } from './get.ts';

/** What `config diff` is told. */
export interface ConfigDiffOptions extends ServerOptions {
  readonly against?: string;
}

export function addConfigDiffCommand(program: Command, environment: ProgramEnvironment): void {
  const command = configGroup(program)
    .command('diff')
    .description('How app config in force differs: exit code 0 nothing differs, 1 something does, above 1 an error')
    .argument('<application>', 'as on the board')
    .argument('<environment>', 'such as prod')
    .option(
      '--against <environment|commit>',
      'what is in force there, or a full commit hash; default the newest commit',
    );
  withExamples(withServer(command), [
    'config diff guestbook prod',
    'config diff guestbook prod --against stage',
  ]).action(
    runCommand<ConfigDiffOptions>(
      environment,
      async (context, args, options) => (await import('./diff-action.ts')).diffConfig(context, args, options),
      { failedAs: exitCodes.undecided },
    ),
  );
}
