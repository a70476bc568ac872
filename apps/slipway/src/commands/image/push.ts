import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

export function addImagePushCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'image', 'Images without a daemon')
    .command('push')
    .description('Push an OCI image layout; pushing it again changes nothing')
    .argument('<layout>', 'folder of `image build`')
    .argument('<reference>', 'host[:port]/name:tag');
  withExamples(withServer(command), ['image push ../web-image 127.0.0.1:7780/guestbook/web:4f2a91c']).action(
    runCommand<ServerOptions>(environment, async (context, args, options) =>
      (await import('./push-action.ts')).push(context, args, options),
    ),
  );
}
