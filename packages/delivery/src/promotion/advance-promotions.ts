import type { Promotion, PullRequest } from '@slipway/domain';
import type { DeliveryServices } from '../services.ts';
import { tellOverdueReviews } from '../rollback/tell-break-glass.ts';
import { endHold } from '../holds/holds.ts';
import { promoteEffect } from './advance-delivery.ts';
import { endPromotion } from './carry-promotion.ts';

/**
 * Moves promotions on whose pull requests were merged or closed elsewhere: a rollback goes on once its settings are back, and what
 * nobody wants any more ends. Level-triggered; safe to repeat.
 */
export async function advancePromotions(services: DeliveryServices): Promise<void> {
  await tellOverdueReviews(services);
  const open = await services.store.list('promotion', { match: { phase: 'running' } });
  for (const { value } of open) {
    if (value.commit !== undefined) continue;
    const request = await requestOf(services, value);
    if (request?.state === 'closed') await withdraw(services, value, request);
    else if (request?.state === 'merged' && value.pullRequest === undefined) await goOn(services, value, request);
  }
}

/** The pull request that a promotion waits for: its own, or the one of its settings. */
async function requestOf(services: DeliveryServices, promotion: Promotion): Promise<PullRequest | undefined> {
  const desired = (await services.store.get('desiredState', `${promotion.application}/${promotion.environment}`))
    ?.value;
  const settings = promotion.rollback?.appConfig;
  const id =
    promotion.pullRequest === undefined
      ? settings === undefined
        ? undefined
        : `${settings.repository}#${settings.pullRequest}`
      : `${desired?.repository ?? ''}#${promotion.pullRequest}`;
  return id === undefined ? undefined : (await services.store.get('pullRequest', id))?.value;
}

async function goOn(services: DeliveryServices, promotion: Promotion, settings: PullRequest): Promise<void> {
  const key = `${promotion.id}/promote/${settings.mergedCommit ?? settings.head}`;
  await services.store.transact(async (tx) => {
    await tx.effect({ kind: promoteEffect, key, payload: { promotion: promotion.id } });
  });
}

/** A closed pull request is a no; a hold that a rollback had placed goes with it. */
async function withdraw(services: DeliveryServices, promotion: Promotion, request: PullRequest): Promise<void> {
  const message = `Pull request ${request.number} of ${request.repository} was closed.`;
  await endPromotion(services, promotion.id, { phase: 'aborted', message, outcome: 'rejected' });
  await services.store.transact(async (tx) => {
    const { application, environment } = promotion;
    const holds = await tx.list('hold', {
      match: { application, environment, cause: 'rollback', about: promotion.id },
    });
    for (const { value } of holds) await endHold(tx, value, { by: 'policy', at: services.now() });
  });
}
