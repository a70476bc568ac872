import { Command } from 'commander';
import { readProgramEnvironment } from '@slipway/config';

/** All commands; each imports what it needs only when it is called, so that `--help` is quick. */
export function makeProgram(): Command {
  const environment = readProgramEnvironment();
  const program = new Command('slipway')
    .description('From a pull request to production by Git, with the proof.')
    .showHelpAfterError('(see --help)');
  program
    .command('up')
    .description('Start server, operator, local runtime and database on this machine')
    .option('--state <dir>', 'folder of the installation', environment.stateDir)
    .option('--port <number>', 'port on loopback', Number)
    .option('--log-file <file>', 'where the log goes; default standard error')
    .action(async (options) => (await import('./commands/up.ts')).upCommand(environment, options));
  program
    .command('demo')
    .description('Start everything on embedded defaults and tell the story of one change, live')
    .option('--state <dir>', 'folder of the demo; a second start on it continues')
    .option('--fresh', 'begin anew')
    .option('--headless', 'end when the story has ended')
    .option('--report <file>', 'write what was seen as JSON')
    .option('--port <number>', 'port on loopback', Number)
    .action(async (options) => (await import('./demo/demo-command.ts')).demoCommand(environment, options));
  program
    .command('runtime', { hidden: true })
    .requiredOption('--state <dir>')
    .action(async (options) => (await import('./commands/runtime.ts')).runtimeCommand(options));
  return program;
}
