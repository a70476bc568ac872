import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, withExamples, withOutput } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `image build` is told. */
export interface ImageBuildOptions {
  readonly context: string;
  readonly dockerfile: string;
  readonly out: string;
}

export function addImageBuildCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'image', 'Images without a daemon')
    .command('build')
    .description('Build an image from a Dockerfile without RUN: the same bytes from the same files')
    .option('--context <dir>', 'folder that COPY reads', '.')
    .option('--dockerfile <file>', 'path inside the context', 'Dockerfile')
    .requiredOption('--out <dir>', 'a new folder for the OCI image layout');
  withExamples(withOutput(command), ['image build --context services/web --out ../web-image']).action(
    runCommand<ImageBuildOptions>(environment, async (context, _args, options) =>
      (await import('./build-action.ts')).buildImage(context, options),
    ),
  );
}
