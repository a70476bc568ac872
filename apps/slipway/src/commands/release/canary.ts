import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

const verbs = {
  resume: 'Let a canary go on that waits for a person: at a pause, or because its metrics say nothing',
  abort: 'Abort a canary: what served before it serves everything again',
} as const;

/** `release resume` and `release abort`. */
export function addReleaseCanaryCommands(program: Command, environment: ProgramEnvironment): void {
  for (const action of ['resume', 'abort'] as const) {
    const command = groupOf(program, 'release', 'Releases and their way into an environment')
      .command(action)
      .description(verbs[action])
      .argument('<application>')
      .argument('<environment>');
    withExamples(withServer(command), [`release ${action} guestbook prod`]).action(
      runCommand<ServerOptions>(environment, async (context, args, options) =>
        (await import('./canary-action.ts')).sayToCanary(context, args, { ...options, action }),
      ),
    );
  }
}
