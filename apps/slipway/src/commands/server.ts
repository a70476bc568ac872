import { type Command, Option } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples } from '../cli/options.ts';
import type { UpOptions } from './up.ts';

export function addServerCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('server')
    .description('Start the server without an operator; database and local runtime beside it')
    .addOption(new Option('--state <dir>', 'folder of the installation').default(environment.stateDir, 'SLIPWAY_STATE'))
    .option('--port <number>', 'port on loopback', Number)
    .option('--log-file <file>', 'where the log goes; default standard error');
  withExamples(command, ['server --state /var/lib/slipway']).action(async (options: UpOptions) =>
    (await import('./up.ts')).upCommand(environment, options, { withOperator: false }),
  );
}
