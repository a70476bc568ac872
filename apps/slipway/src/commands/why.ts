import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type ServerOptions, withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `why` is told. */
export interface WhyOptions extends ServerOptions {
  readonly application?: string;
}

export function addWhyCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('why')
    .description('Why a change is not in an environment yet, and who can act')
    .argument('<change>', 'hash of the commit, 7 digits or more, or REPOSITORY@HASH')
    .argument('<environment>')
    .option('--application <name>', 'where several have an environment of that name');
  withExamples(withServer(command), ['why 4f2a91c prod']).action(
    runCommand<WhyOptions>(environment, async (context, args, options) =>
      (await import('./why-action.ts')).why(context, args, options),
    ),
  );
}
