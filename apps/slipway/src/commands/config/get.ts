import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `config get` is told. */
export interface ConfigGetOptions extends ServerOptions {
  readonly file?: string;
}

/** The group of commands about app config. */
export function configGroup(program: Command): Command {
  return groupOf(program, 'config', 'Files that a running application reads (app config)');
}

export function addConfigGetCommand(program: Command, environment: ProgramEnvironment): void {
  const command = configGroup(program)
    .command('get')
    .description('What an environment reads: the commit in force, the one pinned, the newest, and the files')
    .argument('<application>', 'as on the board')
    .argument('<environment>', 'such as prod')
    .option('--file <path>', 'print this file in force, as it is');
  withExamples(withServer(command), [
    'config get guestbook prod',
    'config get guestbook prod --file settings.json',
  ]).action(
    runCommand<ConfigGetOptions>(environment, async (context, args, options) =>
      (await import('./get-action.ts')).getConfig(context, args, options),
    ),
  );
}
