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
}

export function addPromoteCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('promote')
    .description('Ask for a promotion: the release that runs verified upstream goes into an environment, by commit')
    .argument('<application>')
    .requiredOption('--to <environment>', 'where to')
    .option('--release <digest>', 'an earlier release, to roll back to it', parsedBy(parseDigest))
    .option('--reason <text>', 'why; stands in the commit and in the evidence');
  withExamples(withServer(command), [
    'promote guestbook --to prod',
    'promote guestbook --to prod --release sha256:… --reason "errors since the last one"',
  ]).action(
    runCommand<PromoteOptions>(environment, async (context, args, options) =>
      (await import('./promote-action.ts')).promote(context, args, options),
    ),
  );
}
