import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples, withOutput } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `lint` is told. */
export interface LintOptions {
  readonly schemas?: string;
}

export function addLintCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('lint')
    .description('Check pipeline and delivery files: all faults at once, with line and column')
    .argument('[files...]', 'default: slipway.yaml')
    .option('--schemas <dir>', 'write the JSON Schemas for editors into this folder');
  withExamples(withOutput(command), [
    'lint',
    'lint app/slipway.yaml config/slipway.yaml',
    'lint --schemas .schemas',
  ]).action(
    runCommand<LintOptions>(environment, async (context, args, options) =>
      (await import('./lint-action.ts')).lint(context, args, options),
    ),
  );
}
