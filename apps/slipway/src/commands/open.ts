import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples, withOutput } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `open` is told. */
export interface OpenOptions {
  readonly url?: string;
  readonly print?: boolean;
}

export function addOpenCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('open')
    .description('Open the dashboard in a browser')
    .argument('[page]', 'such as runs/RUN or changes/CHANGE')
    .option('--url <url>', 'server; else SLIPWAY_URL, else the one of `slipway login`')
    .option('--print', 'only print the address');
  withExamples(withOutput(command), ['open', 'open runs/guestbook.verify.main.4f2a91c0d3e5']).action(
    runCommand<OpenOptions>(environment, async (context, args, options) =>
      (await import('./open-action.ts')).open(context, args, options),
    ),
  );
}
