import { whyView } from '@slipway/api';
import { printable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { connectServer } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { WhyOptions } from './why.ts';

/** Prints the server's one reason. */
export async function why(
  context: CommandContext,
  [change = '', environment = '']: readonly string[],
  options: WhyOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const query = { change, environment, application: options.application };
  const view = await client.get('/api/v1/why', whyView, { query });
  context.answer(view, () =>
    printable(
      [
        `${view.reason}: ${view.message}`,
        ...(view.actors.length === 0 ? [] : [`Who can act: ${view.actors.join(', ')}`]),
      ].join('\n'),
    ),
  );
  return undefined;
}
