import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type Digest, parseDigest } from '@slipway/domain';
import { parsedBy, type ServerOptions, withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `promote` is told. */
export interface PromoteOptions extends ServerOptions {
  readonly to: string;
  readonly release?: Digest;
  readonly reason?: string;
  readonly preview?: true;
}

export function addPromoteCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('promote')
    .description('Ask for a promotion: the release that runs verified upstream goes into an environment, by commit')
    .argument('<application>')
    .requiredOption('--to <environment>', 'where to')
    .option('--release <digest>', 'refuse to promote any other than this', parsedBy(parseDigest))
    .option('--preview', 'only say what it would bring and which gates it would not meet')
    .option('--reason <text>', 'why; stands in the commit and in the evidence');
  withExamples(withServer(command), ['promote guestbook --to prod', 'promote guestbook --to prod --preview']).action(
    runCommand<PromoteOptions>(environment, async (context, args, options) =>
      (await import('./promote-action.ts')).promote(context, args, options),
    ),
  );
}
