import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { parseCommitId } from '@slipway/domain';
import { parsedBy, withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';
import type { ReviewOptions } from './approve.ts';

export function addRejectCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('reject')
    .description('Ask for changes in a promotion or a pull request: it does not go in')
    .argument('<promotion-or-pull-request>', 'id of a promotion, or REPOSITORY#NUMBER')
    .option('--head <commit>', 'head that you looked at: another one is refused', parsedBy(parseCommitId))
    .option('--close', 'for good: it can no longer go in, and what waits behind it is over')
    .requiredOption('--reason <text>', 'why');
  withExamples(withServer(command), [
    'reject guestbook/prod/4f2a91c0d3e5.1 --reason "wait for the migration"',
    'reject guestbook-config#7 --close --reason "asked for by mistake"',
  ]).action(
    runCommand<ReviewOptions>(environment, async (context, args, options) =>
      (await import('./review-action.ts')).review(context, args, { ...options, verdict: 'changes-requested' }),
    ),
  );
}
