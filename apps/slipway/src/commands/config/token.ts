import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';
import { stateOption } from '../source-options.ts';
import { configGroup } from './get.ts';

/** Where pods look for it when nobody says otherwise. */
export const usualSecret = 'slipway-config';

/** What `config token` is told. */
export interface ConfigTokenOptions extends ServerOptions {
  readonly environment?: string;
  readonly label?: string;
  readonly secret?: string | true;
  readonly state: string;
}

export function addConfigTokenCommand(program: Command, environment: ProgramEnvironment): void {
  const command = configGroup(program)
    .command('token')
    .description('Make a token that reads an application’s config at the live endpoint, and nothing else')
    .argument('<application>', 'as on the board')
    .option('--environment <name>', 'narrow it to one environment')
    .option('--label <text>', 'what it is for')
    .option('--secret [name]', `put it into this Secret of the environment, key "token" (default: "${usualSecret}")`)
    .addOption(stateOption(environment));
  withExamples(withServer(command), [
    'config token guestbook --environment prod',
    'config token guestbook --environment qa --secret',
  ]).action(
    runCommand<ConfigTokenOptions>(environment, async (context, args, options) =>
      (await import('./token-action.ts')).makeConfigToken(context, args, options),
    ),
  );
}
