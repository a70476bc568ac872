import {
  type EnvironmentDeployment,
  isFinal,
  type ReleaseTicket,
  statementIds,
  type TicketOutcome,
} from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { ticketStatement } from './ticket-statement.ts';

/** Closes a ticket with its outcome, in the caller's transaction; one that is closed, or was never opened, stays as it is. */
export async function closeTicket(
  tx: StoreTransaction,
  facts: {
    readonly id: string;
    readonly outcome: TicketOutcome;
    readonly message: string;
    readonly deployment?: string;
    readonly now: string;
  },
): Promise<void> {
  const ticket = (await tx.lock('releaseTicket', facts.id))?.value;
  if (ticket === undefined || ticket.outcome !== undefined) return;
  const promotion = (await tx.get('promotion', facts.id))?.value;
  const next: ReleaseTicket = {
    ...ticket,
    ...(facts.deployment === undefined ? {} : { deployment: facts.deployment }),
    ...(promotion?.pullRequest === undefined ? {} : { pullRequest: promotion.pullRequest }),
    approvals: promotion?.approvals ?? ticket.approvals,
    outcome: facts.outcome,
    message: facts.message,
    closedAt: facts.now,
  };
  await tx.put('releaseTicket', next.id, next);
  const links = [
    statementIds.ticket(next.id, 'opened'),
    ...(promotion?.commit === undefined ? [] : [statementIds.promotion(promotion.id)]),
    ...(facts.deployment === undefined ? [] : [statementIds.deployment(facts.deployment)]),
  ];
  await tx.record(ticketStatement(next, 'closed', links));
}

/**
 * Closes the tickets of a deployment that ended: at once when it did not succeed, else when every check of it has an end.
 *
 * @param deployment - ended; its statement is recorded already.
 */
export async function settleTickets(
  tx: StoreTransaction,
  facts: { readonly deployment: EnvironmentDeployment; readonly checks: readonly string[]; readonly now: string },
): Promise<void> {
  const { deployment, checks, now } = facts;
  const { application, environment, renderDigest } = deployment;
  const promotions = await tx.list('promotion', { match: { application, environment, renderDigest } });
  const verifications = await tx.list('verification', { match: { deployment: deployment.id } });
  const end = endOf(
    deployment,
    checks,
    verifications.map(({ value }) => value),
  );
  if (end === undefined) return;
  for (const { value } of promotions) await closeTicket(tx, { id: value.id, ...end, deployment: deployment.id, now });
}

function endOf(
  deployment: EnvironmentDeployment,
  checks: readonly string[],
  verifications: readonly {
    readonly name: string;
    readonly phase: EnvironmentDeployment['phase'];
    readonly message: string;
  }[],
): { readonly outcome: TicketOutcome; readonly message: string } | undefined {
  const { phase, message } = deployment;
  if (phase === 'failed' || phase === 'errored' || phase === 'aborted') return { outcome: phase, message };
  if (phase !== 'succeeded') return undefined;
  const own = checks.map((name) => verifications.find((one) => one.name === name));
  if (own.some((one) => one === undefined || !isFinal[one.phase])) return undefined;
  const bad = own.find((one) => one?.phase !== 'succeeded');
  if (bad === undefined) return { outcome: 'succeeded', message };
  return { outcome: 'failed', message: `${bad.name}: ${bad.message}` };
}
