import type { PromotionView } from '@slipway/api';
import type { Promotion } from '@slipway/domain';

/** A promotion or rollback as the API tells it. */
export function viewPromotion(promotion: Promotion): PromotionView {
  const { id, kind, application, environment, release, phase, message, requestedBy, approvals } = promotion;
  const { pullRequest, commit, breakGlass } = promotion;
  return {
    ...{ id, kind, application, environment, release, phase, message, requestedBy },
    approvals: [...approvals],
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(commit === undefined ? {} : { commit }),
    ...(breakGlass === undefined ? {} : { reviewUntil: breakGlass.reviewUntil }),
  };
}
