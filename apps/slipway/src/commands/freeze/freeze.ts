import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `freeze add` is told. */
export interface FreezeAddOptions extends ServerOptions {
  readonly application?: string;
  readonly environment?: string;
  readonly from?: string;
  readonly until: string;
  readonly reason: string;
}

/** `freeze add`, `freeze end` and `freeze list`. */
export function addFreezeCommands(program: Command, environment: ProgramEnvironment): void {
  const group = groupOf(program, 'freeze', 'Times in which nothing is promoted');
  const add = group
    .command('add')
    .description('Freeze environments for a time; rollbacks still go in')
    .option('--application <name>', 'default every application')
    .option('--environment <name>', 'default every protected environment')
    .option('--from <time>', 'ISO 8601; default now')
    .requiredOption('--until <time>', 'ISO 8601, not in it')
    .requiredOption('--reason <text>', 'why; everybody who waits reads it');
  withExamples(withServer(add), [
    'freeze add --from 2026-12-18T17:00:00Z --until 2027-01-04T08:00:00Z --reason "year end"',
    'freeze add --application guestbook --environment prod --until 2026-12-01T06:00:00Z --reason "migration tonight"',
  ]).action(
    runCommand<FreezeAddOptions>(environment, async (context, _args, options) =>
      (await import('./freeze-action.ts')).addFreeze(context, options),
    ),
  );
  const end = group
    .command('end')
    .description('End a freeze before its time')
    .argument('<freeze>', 'id of `freeze list`');
  withServer(end).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./freeze-action.ts')).endFreeze(context, args, options),
    ),
  );
  const list = group.command('list').description('Freezes, newest first');
  withServer(list).action(
    runCommand<ServerOptions>(environment, async (context, _args, options) =>
      (await import('./freeze-action.ts')).listFreezes(context, options),
    ),
  );
}
