import type { Command } from 'commander';
import { Option } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';
import type { ServerOptions } from '../cli/options.ts';

/** What `doctor` is told. */
export interface DoctorOptions extends ServerOptions {
  readonly state: string;
}

export function addDoctorCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('doctor')
    .description('Check what this machine has and lacks, and say what to install')
    .addOption(
      new Option('--state <dir>', 'folder of the installation').default(environment.stateDir, 'SLIPWAY_STATE'),
    );
  withExamples(withServer(command), ['doctor', 'doctor --output json']).action(
    runCommand<DoctorOptions>(environment, async (context, _args, options) =>
      (await import('./doctor-action.ts')).doctor(context, options),
    ),
  );
}
