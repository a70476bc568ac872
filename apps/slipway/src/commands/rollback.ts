import { type Command, Option } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { rollbackParts, type RollbackPart } from '@slipway/domain';
import { type ServerOptions, withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `rollback` is told. */
export interface RollbackOptions extends ServerOptions {
  readonly to?: string;
  readonly part: RollbackPart;
  readonly reason?: string;
  readonly preview?: true;
  readonly emergency?: true;
}

export function addRollbackCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('rollback')
    .description('Go back to what ran healthy before, by a commit that reverts; a hold then keeps everything else out')
    .argument('<application>')
    .argument('<environment>')
    .option('--to <release>', 'release or deployment of `release list`; default the one before')
    .addOption(new Option('--part <part>', 'what is taken back').choices(rollbackParts).default('both'))
    .option('--reason <text>', 'why; stands in the commit and in the evidence')
    .option('--preview', 'only show what would be taken back')
    .option('--emergency', 'go in before a second person has approved; one must look at it within a day');
  withExamples(withServer(command), [
    'rollback guestbook prod --preview',
    'rollback guestbook prod --reason "orders are lost"',
    'rollback guestbook prod --to 4f2a91c0d3e5 --reason "orders are lost" --emergency',
  ]).action(
    runCommand<RollbackOptions>(environment, async (context, args, options) =>
      (await import('./rollback-action.ts')).rollback(context, args, options),
    ),
  );
}
