import { canaryReport, type CanaryView } from '@slipway/api';
import type { ServerOptions } from '../../cli/options.ts';
import { printable } from '../../cli/print-table.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';

/** Says a person's word to a canary; the operator follows it with its next pass. */
export async function sayToCanary(
  context: CommandContext,
  [application = '', environment = '']: readonly string[],
  options: ServerOptions & { readonly action: 'resume' | 'abort' },
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const { action } = options;
  const path = apiPath`/api/v1/applications/${application}/environments/${environment}/canary`;
  const canary = await client.post(path, canaryReport, { body: { action } });
  context.answer(canary, () => printCanary(`${application}/${environment}`, action, canary));
  return undefined;
}

function printCanary(place: string, action: 'resume' | 'abort', canary: CanaryView): string {
  const does = action === 'resume' ? 'goes on' : 'is aborted';
  return printable(
    [
      `The canary in ${place} ${does}. When you said so it was at step ${canary.step + 1} of ${canary.steps}, with ${canary.realShare} % of the requests.`,
      canary.message,
    ].join('\n'),
  );
}
