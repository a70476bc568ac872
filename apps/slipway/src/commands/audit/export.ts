import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { groupOf, parsedBy, type ServerOptions, withExamples, withServer } from '../../cli/options.ts';
import { parseInstant } from '../../cli/parse-arguments.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `audit export` is told. */
export interface ExportOptions extends ServerOptions {
  readonly out: string;
  readonly from: string;
  readonly to?: string;
  readonly state?: string;
}

export function addAuditExportCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'audit', 'Evidence for people who do not trust the server')
    .command('export')
    .description('Write the signed evidence of a period into a new folder')
    .requiredOption('--out <dir>', 'a folder that does not exist yet')
    .option('--from <time>', 'first day or instant, in UTC', parsedBy(parseInstant), '1970-01-01T00:00:00.000Z')
    .option('--to <time>', 'end of the period, not in it; default now', parsedBy(parseInstant))
    .option('--state <dir>', 'installation on this machine; its data is read directly when its server is down');
  withExamples(withServer(command), [
    'audit export --out evidence-2026-q1 --from 2026-01-01 --to 2026-04-01',
    'audit export --out evidence --state /var/lib/slipway',
  ]).action(
    runCommand<ExportOptions>(environment, async (context, _args, options) =>
      (await import('./export-action.ts')).exportEvidence(context, options),
    ),
  );
}
