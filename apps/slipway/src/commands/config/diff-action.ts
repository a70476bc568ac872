import { appConfigDiffView } from '@slipway/api';
import { printable } from '../../cli/print-table.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import { type ExitCode, exitCodes } from '../../exit-codes.ts';
import type { ConfigDiffOptions } from './diff.ts';

export async function diffConfig(
  context: CommandContext,
  [application = '', environment = '']: readonly string[],
  options: ConfigDiffOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const path = apiPath`/api/v1/applications/${application}/environments/${environment}/app-config/diff`;
  const view = await client.get(path, appConfigDiffView, { query: { against: options.against } });
  context.answer(view, () => printable(view.files.map(printFile).join('')));
  if (view.files.length === 0) context.progress('Nothing differs.');
  return view.files.length === 0 ? undefined : exitCodes.failed;
}

function printFile({
  path,
  change,
  diff,
}: {
  readonly path: string;
  readonly change: string;
  readonly diff: string;
}): string {
  return diff === '' ? `${change} ${path} (no text)\n` : `--- ${path}\n+++ ${path}\n${diff}`;
}
