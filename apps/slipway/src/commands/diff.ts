import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type SourceOptions, withSource } from './source-options.ts';

export function addDiffCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('diff')
    .description('What `sync` would change: exit code 0 nothing differs, 1 something does, above 1 an error');
  withExamples(withSource(command, environment), [
    'diff --repo . --path overlays/dev',
    'diff --repo . --path overlays/dev --revision feature/banner',
  ]).action(
    runCommand<SourceOptions>(
      environment,
      async (context, _args, options) => (await import('./diff-action.ts')).diff(context, options),
      { failedAs: exitCodes.undecided },
    ),
  );
}
