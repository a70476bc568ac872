import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { parsedBy, withExamples } from '../cli/options.ts';
import { parseDuration } from '../cli/parse-arguments.ts';
import { runCommand } from '../cli/run-command.ts';
import { type SourceOptions, withSource } from './source-options.ts';

/** What `sync` is told. */
export interface SyncOptions extends SourceOptions {
  /** Milliseconds; false: do not wait. */
  readonly wait: number | false;
}

export function addSyncCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('sync')
    .description('Render a folder of a repository and apply it to the local runtime, without a server')
    .option('--wait <duration>', 'how long it may take to become healthy', parsedBy(parseDuration), 1_200_000)
    .option('--no-wait', 'end when everything is applied');
  withExamples(withSource(command, environment), [
    'sync --repo . --path overlays/dev',
    'sync --repo . --path overlays/dev --no-wait',
  ]).action(
    runCommand<SyncOptions>(environment, async (context, _args, options) =>
      (await import('./sync-action.ts')).sync(context, options),
    ),
  );
}
