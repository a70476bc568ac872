import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** `release list`, `release show` and `release tickets`. */
export function addReleaseCommands(program: Command, environment: ProgramEnvironment): void {
  const group = groupOf(program, 'release', 'What ran where, and the tickets of what went in');
  const list = group
    .command('list')
    .description('What ran in an environment, newest first, and whether it could be gone back to')
    .argument('<application>')
    .argument('<environment>');
  withExamples(withServer(list), ['release list guestbook prod']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./release-action.ts')).listReleases(context, args, options),
    ),
  );
  const tickets = group.command('tickets').description('Release tickets, newest first').argument('[application]');
  withExamples(withServer(tickets), ['release tickets guestbook']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./release-action.ts')).listTickets(context, args, options),
    ),
  );
  const show = group
    .command('show')
    .description('A release ticket: who, what changed, approvals, canary, what to go back to')
    .argument('<ticket>', 'APPLICATION#NUMBER, or the id of a promotion');
  withExamples(withServer(show), ['release show guestbook#3', 'release show guestbook#3 --output json']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./release-action.ts')).showTicket(context, args, options),
    ),
  );
}
