import { type Command, Option } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `operator` is told. */
export interface OperatorOptions {
  readonly url?: string;
  readonly token?: string;
  readonly state: string;
  readonly target: 'local';
  readonly serverKey?: string;
  readonly logFile?: string;
}

export function addOperatorCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('operator')
    .enablePositionalOptions()
    .description(
      'Start an operator as a process of its own: it dials out to its server, and goes on while that is away',
    )
    .option('--url <url>', 'its server; else SLIPWAY_URL')
    .option('--token <source>', '`-` reads its token from standard input; else SLIPWAY_OPERATOR_TOKEN')
    .addOption(
      new Option('--state <dir>', "its folder; beside a server that server's own").default(
        environment.stateDir,
        'SLIPWAY_STATE',
      ),
    )
    .addOption(new Option('--target <name>', 'what it applies to').choices(['local']).default('local'))
    .option('--server-key <file>', 'public key of its server; else the one that it hears when it first connects')
    .option('--log-file <file>', 'where the log goes; default standard error');
  withExamples(command, [
    'operator --url http://127.0.0.1:7780 --token - < token-file',
    'operator --url http://127.0.0.1:7780 --server-key audit-key.pub.pem --state /var/lib/slipway',
  ]).action(
    runCommand<OperatorOptions>(environment, async (context, _args, options) =>
      (await import('./operator-action.ts')).runOperatorProcess(context, options),
    ),
  );
}
