import type { PromotionView } from '@slipway/api';
import { printable } from '../cli/print-table.ts';

/** A promotion in the lines that say what happens next. */
export function printPromotion(promotion: PromotionView): string {
  const { id, application, environment, release, phase, message, approvals, pullRequest, commit } = promotion;
  return printable(
    [
      `Promotion ${id}`,
      `${application} to ${environment}: release ${release.replace('sha256:', '').slice(0, 12)}, ${phase}`,
      ...(message === '' ? [] : [message]),
      ...(approvals.length === 0 ? [] : [`Approved by ${approvals.join(', ')}`]),
      ...(pullRequest === undefined ? [] : [`Pull request #${pullRequest} in the config repository`]),
      ...(commit === undefined ? [] : [`Commit ${commit}`]),
    ].join('\n'),
  );
}
