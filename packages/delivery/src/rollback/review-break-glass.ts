import { type Account, decideApproval, type EvidenceStatement, type Promotion, statementIds } from '@slipway/domain';
import { DeliveryError } from '../delivery-error.ts';
import type { DeliveryServices } from '../services.ts';
import { promotionSubjects } from '../statements.ts';

/**
 * A second person looks at what went in past its approvals. Whoever could not have approved it cannot review it either.
 *
 * @throws {@link DeliveryError} `BREAK_GLASS_REFUSED` with the rule; `PROMOTION_UNKNOWN` when nothing was broken.
 */
export async function reviewBreakGlass(services: DeliveryServices, account: Account, id: string): Promise<Promotion> {
  return services.store.transact(async (tx) => {
    const promotion = (await tx.lock('promotion', id))?.value;
    const { breakGlass, commit } = promotion ?? {};
    if (promotion === undefined || breakGlass === undefined || commit === undefined)
      throw new DeliveryError('PROMOTION_UNKNOWN', `Promotion ${id} did not go in past its approvals`);
    if (breakGlass.reviewedBy !== undefined) return promotion;
    const decision = decideApproval({
      approver: account,
      approvedHead: commit,
      head: commit,
      author: promotion.requestedBy,
      promoter: breakGlass.by,
      pushers: [],
      commitEmails: [],
      neededRole: 'approver',
    });
    if (decision.kind === 'refused')
      throw new DeliveryError('BREAK_GLASS_REFUSED', decision.message.replace(/\.$/, ''), {
        facts: { reason: decision.reason },
      });
    const reviewed = { ...breakGlass, reviewedBy: account.id, reviewedAt: services.now() };
    const next: Promotion = { ...promotion, approvals: [account.id], breakGlass: reviewed };
    await tx.put('promotion', id, next);
    await tx.record(
      reviewStatement(next, { commit, account: account.id, isLate: reviewed.reviewedAt > breakGlass.reviewUntil }),
    );
    return next;
  });
}

/** Of the kind of a promotion: whoever counts its approvals counts this one, and sees that it came afterwards. */
function reviewStatement(
  promotion: Promotion,
  facts: { readonly commit: string; readonly account: string; readonly isLate: boolean },
): EvidenceStatement {
  const { id, application, environment, release } = promotion;
  return {
    id: statementIds.breakGlassReview(id),
    kind: 'promotion',
    subjects: promotionSubjects(promotion),
    predicate: {
      application,
      environment,
      protected: true,
      release,
      commit: facts.commit,
      what: 'reviewed afterwards',
      approvals: [facts.account],
      isLate: facts.isLate,
    },
    links: [statementIds.promotion(id)],
  };
}
