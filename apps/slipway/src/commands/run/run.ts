import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples, withOutput } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `run` is told. */
export interface RunOptions {
  readonly repo: string;
  readonly stage?: string;
}

export function addRunCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('run')
    .description(
      'Run the pipelines of a checkout on this machine, uncommitted changes included; the same engine as the server',
    )
    .option('--repo <dir>', 'a Git work tree', '.')
    .option('--stage <name>', 'only this stage and those it needs');
  withExamples(withOutput(command), ['run', 'run --repo ../guestbook --stage test']).action(
    runCommand<RunOptions>(environment, async (context, _args, options) =>
      (await import('./run-action.ts')).runCheckout(context, options),
    ),
  );
}
