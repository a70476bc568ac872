import { asSentence, type Promotion } from '@slipway/domain';
import { notify, type StoreTransaction } from '@slipway/ports';
import type { DeliveryServices } from '../services.ts';

/** Tells everybody who could have approved it that something went in without them. */
export async function tellBreakGlass(tx: StoreTransaction, promotion: Promotion): Promise<void> {
  const { id, application, environment, breakGlass, commit, requestedBy, reason } = promotion;
  if (breakGlass === undefined || commit === undefined) return;
  await notify(tx, {
    id: `promotion/${id}/break-glass`,
    kind: 'waiting',
    audience: {
      kind: 'approvers',
      rule: {
        ...{ approvedHead: commit, head: commit, author: requestedBy, promoter: breakGlass.by },
        ...{ pushers: [], commitEmails: [], neededRole: 'approver' },
      },
    },
    subject: `Waiting for your review: ${application} in environment ${environment} was changed past its approvals`,
    body: `By ${breakGlass.by}: ${asSentence(reason ?? 'no reason given')}\nSomebody else looks at it until ${breakGlass.reviewUntil}: slipway approve ${id}`,
    link: `/tickets/${encodeURIComponent(id)}`,
    about: `promotion/${id}`,
    createdAt: breakGlass.at,
  });
}

/** More rollbacks than this are not looked through again and again. */
const mostRollbacks = 200;

/** Tells administrators, once, of what nobody has looked at in time. Safe to repeat. */
export async function tellOverdueReviews(services: DeliveryServices): Promise<void> {
  const now = services.now();
  const rollbacks = await services.store.list('promotion', {
    match: { kind: 'rollback' },
    newestFirst: true,
    limit: mostRollbacks,
  });
  for (const { value } of rollbacks) {
    const { id, application, environment, breakGlass } = value;
    if (breakGlass === undefined || breakGlass.reviewedBy !== undefined || now <= breakGlass.reviewUntil) continue;
    await services.store.transact((tx) =>
      notify(tx, {
        id: `promotion/${id}/overdue`,
        kind: 'failure',
        audience: { kind: 'role', role: 'admin' },
        subject: `Nobody has reviewed what went past its approvals: ${application} in environment ${environment}`,
        body: `${breakGlass.by} did it at ${breakGlass.at}; its review was due until ${breakGlass.reviewUntil}.`,
        link: `/tickets/${encodeURIComponent(id)}`,
        about: `promotion/${id}`,
        createdAt: now,
      }),
    );
  }
}
