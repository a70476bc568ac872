import type { Command } from 'commander';
import { Option } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type Name, parseName } from '@slipway/domain';
import { parsedBy, withOutput } from '../cli/options.ts';

/** What `diff` and `sync` render, and where it goes. */
export interface SourceOptions {
  readonly repo: string;
  readonly path: string;
  readonly revision?: string;
  readonly target: 'local';
  readonly state: string;
  readonly namespace?: Name;
  readonly application?: Name;
  readonly environment?: Name;
}

/** Said without the machine's own path, so that help is the same everywhere. */
export function stateOption(environment: ProgramEnvironment): Option {
  const option = new Option('--state <dir>', 'installation whose local runtime is meant');
  return option.default(environment.stateDir, 'SLIPWAY_STATE');
}

/** Adds the options of {@link SourceOptions}. */
export function withSource(command: Command, environment: ProgramEnvironment): Command {
  return withOutput(
    command
      .requiredOption('--repo <url|dir>', 'config repository')
      .requiredOption('--path <dir>', 'folder of the kustomization in it')
      .option('--revision <revision>', 'branch or full hash; default the HEAD of a folder, or main')
      .addOption(new Option('--target <target>', 'where it runs').choices(['local']).default('local'))
      .addOption(stateOption(environment))
      .option(
        '--namespace <name>',
        'default the one of the delivery file, else the only one of the manifests',
        parsedBy(parseName),
      )
      .option(
        '--application <name>',
        'owner label; default from the delivery file or the repository',
        parsedBy(parseName),
      )
      .option('--environment <name>', 'owner label; default from the delivery file or the path', parsedBy(parseName)),
  );
}
