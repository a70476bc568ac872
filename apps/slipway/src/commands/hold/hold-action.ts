import { holdsView, type HoldView, holdView } from '@slipway/api';
import { printable, printTable } from '../../cli/print-table.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { ServerOptions } from '../../cli/options.ts';
import type { HoldAddOptions, HoldListOptions } from './hold.ts';

/** Holds an environment. */
export async function addHold(
  context: CommandContext,
  [application = '', environment = '']: readonly string[],
  options: HoldAddOptions,
): Promise<undefined> {
  const client = await connectServer(context, options);
  const path = apiPath`/api/v1/applications/${application}/environments/${environment}/holds`;
  const hold = await client.post(path, holdView, { body: { reason: options.reason } });
  context.answer(hold, () => printable(`Held: ${printHold(hold).join('  ')}`));
}

/** Lifts a hold. */
export async function liftHold(
  context: CommandContext,
  [id = '']: readonly string[],
  options: ServerOptions,
): Promise<undefined> {
  const client = await connectServer(context, options);
  const hold = await client.post(apiPath`/api/v1/holds/${id}/lift`, holdView);
  context.answer(hold, () => printable(`Lifted by ${hold.liftedBy ?? ''}: ${hold.id}`));
}

/** Lists holds. */
export async function listHolds(context: CommandContext, options: HoldListOptions): Promise<undefined> {
  const client = await connectServer(context, options);
  const { application, environment } = options;
  const query = { application, environment, all: options.all === true ? 'true' : undefined };
  const holds = await client.get('/api/v1/holds', holdsView, { query });
  context.answer(holds, () => (holds.length === 0 ? 'Nothing is held.' : printable(printTable(holds.map(printHold)))));
}

function printHold(hold: HoldView): readonly string[] {
  const end = hold.liftedAt === undefined ? '' : ` (lifted by ${hold.liftedBy ?? ''} at ${hold.liftedAt})`;
  return [
    hold.id,
    `${hold.application} in ${hold.environment}`,
    `by ${hold.placedBy} since ${hold.placedAt}`,
    `${hold.reason}${end}`,
  ];
}
