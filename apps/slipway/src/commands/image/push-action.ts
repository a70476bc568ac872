import path from 'node:path';
import { parseImageReference, printImageReference } from '@slipway/domain';
import { pushImage } from '@slipway/oci';
import { CliError } from '../../cli/cli-error.ts';
import type { ServerOptions } from '../../cli/options.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { registryFor } from './registry-for.ts';

/** Pushes missing blobs, the manifest, then the tag; prints the reference that deploys it. */
export async function push(
  context: CommandContext,
  [layout = '', text = '']: readonly string[],
  options: ServerOptions,
): Promise<ExitCode | undefined> {
  const { registry: host, name, tag, digest } = parseImageReference(text);
  if (host === undefined || tag === undefined || digest !== undefined)
    throw new CliError('CLI_USAGE', `${text} is not host[:port]/name:tag`);
  const registry = await registryFor(context, host, options);
  const pushed = await pushImage({
    layoutDir: path.resolve(layout),
    registry,
    name,
    tags: [tag],
    signal: context.signal,
  });
  const reference = printImageReference({ registry: host, name, tag, digest: pushed });
  context.answer({ reference, digest: pushed }, () => reference);
  return undefined;
}
