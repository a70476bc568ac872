import { type PromotionPreviewView, promotionPreviewView, promotionView } from '@slipway/api';
import { printable } from '../cli/print-table.ts';
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
  if (options.preview === true) {
    const place = apiPath`/api/v1/applications/${application}/environments/${to}/promotion-preview`;
    const preview = await client.get(place, promotionPreviewView);
    context.answer(preview, () => printPreview(preview));
    return undefined;
  }
  const path = apiPath`/api/v1/applications/${application}/environments/${to}/promotions`;
  const body = { ...(release === undefined ? {} : { release }), ...(reason === undefined ? {} : { reason }) };
  const promotion = await client.post(path, promotionView, { body });
  context.answer(promotion, () => printPromotion(promotion));
  return undefined;
}

function printPreview({ application, environment, release, unmet, renderedDiff }: PromotionPreviewView): string {
  const what = release === undefined ? 'nothing yet' : `release ${release.replace('sha256:', '').slice(0, 12)}`;
  const gates =
    unmet.length === 0 ? ['Every gate but the approvals is met.'] : unmet.map((one) => `Not met: ${one.message}`);
  const diff = renderedDiff === '' ? ['Nothing would change.'] : ['', renderedDiff];
  return printable([`${application} to ${environment}: ${what}`, ...gates, ...diff].join('\n'));
}
