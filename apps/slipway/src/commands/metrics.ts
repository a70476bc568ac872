import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { parsedBy, type ServerOptions, withExamples, withServer } from '../cli/options.ts';
import { parseCount } from '../cli/parse-arguments.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `metrics` is told. */
export interface MetricsOptions extends ServerOptions {
  readonly run?: string;
  readonly name?: string;
  readonly limit: number;
}

export function addMetricsCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('metrics')
    .description('What was measured: durations, tests, coverage; newest first')
    .option('--run <run>', 'of this run only')
    .option('--name <name>', 'this metric only, such as stage_duration')
    .option('--limit <count>', 'how many points, 1000 at most', parsedBy(parseCount), 100);
  withExamples(withServer(command), [
    'metrics --run guestbook.verify.main.4f2a91c0d3e5',
    'metrics --name run_duration',
  ]).action(
    runCommand<MetricsOptions>(environment, async (context, _args, options) =>
      (await import('./metrics-action.ts')).metrics(context, options),
    ),
  );
}
