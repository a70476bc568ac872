import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type ImagePin, type Signature, type Branch, parseBranch } from '@slipway/domain';
import { groupOf, parsedBy, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { parseAuthor, parseImagePin } from '../../cli/parse-arguments.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `manifests set-image` is told. */
export interface SetImageOptions extends ServerOptions {
  readonly repo: string;
  readonly branch: Branch;
  readonly kustomization?: readonly string[];
  readonly file?: readonly string[];
  readonly image: readonly ImagePin[];
  readonly author: Signature;
  readonly committer?: Signature;
  readonly change?: string;
}

export function addSetImageCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'manifests', 'Edit the manifests of a config repository')
    .command('set-image')
    .description('Pin images in kustomizations or manifests: one commit, pushed, never forced')
    .requiredOption('--repo <url|dir>', 'config repository')
    .requiredOption('--branch <branch>', 'branch that takes the commit', parsedBy(parseBranch))
    .option('--kustomization <dir...>', 'folders with a kustomization')
    .option('--file <path...>', 'plain manifests')
    .requiredOption(
      '--image <name=ref>',
      'NAME as in the manifests, REF with tag and digest; may stand several times',
      (text: string, before: readonly ImagePin[] | undefined) => [...(before ?? []), parsedBy(parseImagePin)(text)],
    )
    .requiredOption('--author <name <mail>>', 'whose change it is', parsedBy(parseAuthor))
    .option('--committer <name <mail>>', 'who writes the commit; default the author', parsedBy(parseAuthor))
    .option('--change <id>', 'makes it happen exactly once, such as the id of the build');
  withExamples(withServer(command), [
    'manifests set-image --repo ../config --branch main --kustomization overlays/dev \\\n      --image web=127.0.0.1:7780/guestbook/web:4f2a@sha256:… --author "Ann <ann@example.org>" --change build-17',
  ]).action(
    runCommand<SetImageOptions>(environment, async (context, _args, options) =>
      (await import('./set-image-action.ts')).setImage(context, options),
    ),
  );
}
