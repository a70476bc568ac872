import type { DesiredState, Promotion } from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { endHold } from '../holds/holds.ts';
import { closeTicket } from '../release/close-ticket.ts';

/**
 * Ends a promotion whose commit brought the branch to what runs there already: the revert after an aborted canary. The branch is right
 * again, so the hold of the abort has done its work.
 *
 * @param facts - `runs` is what is authorised; while it is still being deployed, its deployment ends the promotion.
 */
export async function endUnchanged(
  tx: StoreTransaction,
  facts: { readonly promotion: Promotion; readonly runs: DesiredState['authorised']; readonly now: string },
): Promise<void> {
  const { promotion, runs, now } = facts;
  if (runs === undefined) return;
  const { application, environment } = promotion;
  const { renderDigest, revision } = runs;
  const match = { application, environment, renderDigest, revision, phase: 'succeeded' };
  const [deployed] = await tx.list('deployment', { match, limit: 1 });
  if (deployed === undefined) return;
  const message = 'The branch says again what runs there.';
  await tx.put('promotion', promotion.id, { ...promotion, phase: 'succeeded', message, finishedAt: now });
  await closeTicket(tx, { id: promotion.id, outcome: 'succeeded', message, now });
  if (promotion.rollback?.cause !== 'abort') return;
  const holds = await tx.list('hold', { match: { application, environment, cause: 'abort' } });
  const by = promotion.approvals[0] ?? promotion.requestedBy;
  for (const { value } of holds) await endHold(tx, value, { by, at: now });
}
