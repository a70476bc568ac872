import { freezesView, type FreezeView, freezeView } from '@slipway/api';
import type { ServerOptions } from '../../cli/options.ts';
import { printable, printTable } from '../../cli/print-table.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { FreezeAddOptions } from './freeze.ts';

/** Freezes environments. */
export async function addFreeze(context: CommandContext, options: FreezeAddOptions): Promise<undefined> {
  const client = await connectServer(context, options);
  const { application, environment, from, until, reason } = options;
  const body = { application, environment, from, to: until, reason };
  const freeze = await client.post('/api/v1/freezes', freezeView, { body });
  context.answer(freeze, () => printable(`Frozen: ${printFreeze(freeze).join('  ')}`));
}

/** Ends a freeze. */
export async function endFreeze(
  context: CommandContext,
  [id = '']: readonly string[],
  options: ServerOptions,
): Promise<undefined> {
  const client = await connectServer(context, options);
  const freeze = await client.post(apiPath`/api/v1/freezes/${id}/end`, freezeView);
  context.answer(freeze, () => printable(`Ended by ${freeze.endedBy ?? ''}: ${freeze.id}`));
}

/** Lists freezes. */
export async function listFreezes(context: CommandContext, options: ServerOptions): Promise<undefined> {
  const client = await connectServer(context, options);
  const freezes = await client.get('/api/v1/freezes', freezesView);
  context.answer(freezes, () =>
    freezes.length === 0 ? 'Nothing is frozen.' : printable(printTable(freezes.map(printFreeze))),
  );
}

function printFreeze(freeze: FreezeView): readonly string[] {
  const { id, application, environment, from, to, reason, placedBy, endedBy } = freeze;
  const place = `${application ?? 'every application'}, ${environment ?? 'protected environments'}`;
  const end = endedBy === undefined ? '' : ` (ended by ${endedBy})`;
  return [id, place, `${from} to ${to}`, `${reason}, by ${placedBy}${end}`];
}
