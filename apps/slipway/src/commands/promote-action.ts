import { promotionView } from '@slipway/api';
import type { CommandContext } from '../cli/run-command.ts';
import { apiPath } from '../client/api-client.ts';
import { connectServer } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printPromotion } from './print-promotion.ts';
import type { PromoteOptions } from './promote.ts';

/** Asks for a promotion; a gate that is not met is the server's refusal with every reason. */
export async function promote(
  context: CommandContext,
  [application = '']: readonly string[],
  options: PromoteOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const { to, release, reason } = options;
  const path = apiPath`/api/v1/applications/${application}/environments/${to}/promotions`;
  const body = { ...(release === undefined ? {} : { release }), ...(reason === undefined ? {} : { reason }) };
  const promotion = await client.post(path, promotionView, { body });
  context.answer(promotion, () => printPromotion(promotion));
  return undefined;
}
