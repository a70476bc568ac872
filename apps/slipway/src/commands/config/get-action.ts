import { type AppConfigView, appConfigView } from '@slipway/api';
import { CliError } from '../../cli/cli-error.ts';
import { printable, printTable } from '../../cli/print-table.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';
import type { ConfigGetOptions } from './get.ts';

export async function getConfig(
  context: CommandContext,
  [application = '', environment = '']: readonly string[],
  options: ConfigGetOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const path = apiPath`/api/v1/applications/${application}/environments/${environment}/app-config`;
  const view = await client.get(path, appConfigView);
  if (options.file === undefined) {
    context.answer(view, () => printConfig(view));
    return undefined;
  }
  const file = view.files.find((one) => one.path === options.file);
  if (file === undefined) {
    const known = view.files.map((one) => one.path).join(', ') || 'none';
    throw new CliError('CLI_USAGE', `No file ${options.file} is in force there (there are: ${known})`);
  }
  if (file.text === undefined) throw new CliError('CLI_USAGE', `${file.path} is no text (${file.sizeBytes} bytes)`);
  const { text } = file;
  context.answer(file, () => text);
  return undefined;
}

function printConfig(view: AppConfigView): string {
  if (view.repository === undefined) return `${view.application} has no app-config repository.\n`;
  const short = (commit: string | undefined): string => commit?.slice(0, 12) ?? '-';
  const isWaiting = view.pinned !== undefined && view.pinned.commit !== view.inForce?.commit;
  const rows = [
    ['repository', view.repository],
    ['in force', short(view.inForce?.commit)],
    ['pinned', `${short(view.pinned?.commit)}${isWaiting ? ' (waits for its gates)' : ''}`],
    ['newest', short(view.head)],
  ];
  const files = view.files.map((file) => [file.path, `${file.sizeBytes} bytes`, file.blob.slice(0, 12)]);
  return printable(`${printTable(rows)}\n${files.length === 0 ? '' : `\n${printTable(files)}\n`}`);
}
