import { type Command, Option } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type Name, parseName } from '@slipway/domain';
import { groupOf, parsedBy, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

export const repositoryRoles = ['code', 'config', 'app-config'] as const;

/** What `project add` is told. */
export interface ProjectAddOptions extends ServerOptions {
  readonly name?: Name;
  readonly role?: (typeof repositoryRoles)[number];
}

export function addProjectAddCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'project', 'Repositories of the server')
    .command('add')
    .description('Make a repository on the server and push a branch there: HEAD of a folder, main of a URL')
    .argument('<url-or-dir>', 'a repository')
    .option('--name <name>', 'default from the folder or URL', parsedBy(parseName))
    .addOption(new Option('--role <role>', 'default from the kind of its slipway.yaml').choices(repositoryRoles));
  withExamples(withServer(command), [
    'project add ../guestbook',
    'project add ../guestbook-config --role config',
  ]).action(
    runCommand<ProjectAddOptions>(environment, async (context, args, options) =>
      (await import('./add-action.ts')).addProject(context, args, options),
    ),
  );
}
