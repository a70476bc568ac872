import { Command, Option, type OutputConfiguration } from 'commander';
// By its own entry: the schemas would cost every start more than all the rest.
import { type ProgramEnvironment, readProgramEnvironment } from '@slipway/config/environment';
import { parsePort } from './cli/parse-arguments.ts';
import { addApproveCommand } from './commands/approve.ts';
import { addAuditExportCommand } from './commands/audit/export.ts';
import { addAuditVerifyCommand } from './commands/audit/verify.ts';
import { addConfigDiffCommand } from './commands/config/diff.ts';
import { addConfigGetCommand } from './commands/config/get.ts';
import { addConfigTokenCommand } from './commands/config/token.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addFreezeCommands } from './commands/freeze/freeze.ts';
import { addHoldCommands } from './commands/hold/hold.ts';
import { addImageBuildCommand } from './commands/image/build.ts';
import { addImagePushCommand } from './commands/image/push.ts';
import { addLintCommand } from './commands/lint.ts';
import { addLoginCommand } from './commands/login.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addSetImageCommand } from './commands/manifests/set-image.ts';
import { addMetricsCommand } from './commands/metrics.ts';
import { addOpenCommand } from './commands/open.ts';
import { addProjectAddCommand } from './commands/project/add.ts';
import { addOperatorAddCommand } from './commands/operator/add.ts';
import { addOperatorCommand } from './commands/operator/operator.ts';
import { addOperatorRemoveKeyCommand } from './commands/operator/remove-key.ts';
import { addPromoteCommand } from './commands/promote.ts';
import { addRejectCommand } from './commands/reject.ts';
import { addReleaseCommands } from './commands/release/release.ts';
import { addRollbackCommand } from './commands/rollback.ts';
import { addReleaseCanaryCommands } from './commands/release/canary.ts';
import { addRunCancelCommand } from './commands/run/cancel.ts';
import { addRunRetryCommand } from './commands/run/retry.ts';
import { addRunCommand } from './commands/run/run.ts';
import { addServerCommand } from './commands/server.ts';
import { addStatusCommand } from './commands/status.ts';
import { addSyncCommand } from './commands/sync.ts';
import type { runtimeCommand } from './commands/runtime.ts';
import type { upCommand } from './commands/up.ts';
import { addWhyCommand } from './commands/why.ts';
import type { demoCommand } from './demo/demo-command.ts';

/** In the order of help; definitions only, bodies are imported when they are called. */
const definitions: readonly ((program: Command, environment: ProgramEnvironment) => void)[] = [
  addLoginCommand,
  addStatusCommand,
  addLogsCommand,
  addOpenCommand,
  addWhyCommand,
  addPromoteCommand,
  addApproveCommand,
  addRejectCommand,
  addRollbackCommand,
  addReleaseCommands,
  addHoldCommands,
  addFreezeCommands,
  addReleaseCanaryCommands,
  addMetricsCommand,
  addConfigGetCommand,
  addConfigDiffCommand,
  addConfigTokenCommand,
  addProjectAddCommand,
  addOperatorAddCommand,
  addOperatorRemoveKeyCommand,
  addRunCommand,
  addRunCancelCommand,
  addRunRetryCommand,
  addLintCommand,
  addDiffCommand,
  addSyncCommand,
  addSetImageCommand,
  addImageBuildCommand,
  addImagePushCommand,
  addAuditExportCommand,
  addAuditVerifyCommand,
  addDoctorCommand,
];

/** All commands; each imports what it needs only when it is called, so that `--help` is quick. */
export function makeProgram(
  environment: ProgramEnvironment = readProgramEnvironment(),
  output: OutputConfiguration = {},
): Command {
  const program = new Command('slipway')
    .configureOutput(output)
    .exitOverride()
    // `operator` and its commands have options of the same names: what stands behind a command is that command's.
    .enablePositionalOptions()
    .description('From a pull request to production by Git, with the proof.')
    .showHelpAfterError('(see --help)');
  program
    .command('up')
    .description('Start server, operator, local runtime and database on this machine')
    .addOption(new Option('--state <dir>', 'folder of the installation').default(environment.stateDir, 'SLIPWAY_STATE'))
    .option('--port <number>', 'port on loopback', parsePort)
    .option('--log-file <file>', 'where the log goes; default standard error')
    .action(async (options: Parameters<typeof upCommand>[1]) =>
      (await import('./commands/up.ts')).upCommand(environment, options, { withOperator: true }),
    );
  addServerCommand(program, environment);
  addOperatorCommand(program, environment);
  program
    .command('demo')
    .description('Start everything on embedded defaults and tell the story of one change, live')
    .option('--state <dir>', 'folder of the demo; a second start on it continues')
    .option('--fresh', 'begin anew')
    .option('--headless', 'end when the story has ended')
    .option('--report <file>', 'write what was seen as JSON')
    .option('--port <number>', 'port on loopback', parsePort)
    .action(async (options: Parameters<typeof demoCommand>[1]) =>
      (await import('./demo/demo-command.ts')).demoCommand(environment, options),
    );
  program
    .command('runtime', { hidden: true })
    .requiredOption('--state <dir>')
    .action(async (options: Parameters<typeof runtimeCommand>[0]) =>
      (await import('./commands/runtime.ts')).runtimeCommand(options),
    );
  for (const define of definitions) define(program, environment);
  return program;
}
