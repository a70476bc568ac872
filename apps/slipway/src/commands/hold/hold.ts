import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `hold list` is told. */
export interface HoldListOptions extends ServerOptions {
  readonly application?: string;
  readonly environment?: string;
  readonly all?: true;
}

export type HoldAddOptions = ServerOptions & { readonly reason: string };

/** `hold add`, `hold lift` and `hold list`. */
export function addHoldCommands(program: Command, environment: ProgramEnvironment): void {
  const group = groupOf(program, 'hold', 'What keeps everything but rollbacks out of an environment');
  const add = group
    .command('add')
    .description('Hold an environment: nothing is promoted into it until somebody lifts the hold')
    .argument('<application>')
    .argument('<environment>')
    .requiredOption('--reason <text>', 'why; everybody who waits reads it');
  withExamples(withServer(add), ['hold add guestbook prod --reason "we look into lost orders"']).action(
    runCommand<HoldAddOptions>(environment, async (context, args, options) =>
      (await import('./hold-action.ts')).addHold(context, args, options),
    ),
  );
  const lift = group.command('lift').description('Lift a hold').argument('<hold>', 'id of `hold list`');
  withExamples(withServer(lift), ['hold lift guestbook/prod/mb2k4x1c']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./hold-action.ts')).liftHold(context, args, options),
    ),
  );
  const list = group
    .command('list')
    .description('Holds that stand')
    .option('--application <name>', 'of this application only')
    .option('--environment <name>', 'of this environment only')
    .option('--all', 'lifted ones too');
  withExamples(withServer(list), ['hold list', 'hold list --application guestbook --all']).action(
    runCommand<HoldListOptions>(environment, async (context, _args, options) =>
      (await import('./hold-action.ts')).listHolds(context, options),
    ),
  );
}
