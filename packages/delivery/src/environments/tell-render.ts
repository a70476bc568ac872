import { type DesiredState, shortCommit } from '@slipway/domain';
import { notifyOutcome, type StoreTransaction } from '@slipway/ports';

/**
 * Tells that an environment can no longer be read from its branch, and once that it can again: what runs stays, so that nothing
 * else would say it. For whoever pushed the commit; for promoters when Slipway itself landed it.
 */
export async function tellRender(
  tx: StoreTransaction,
  state: Pick<DesiredState, 'id' | 'application' | 'environment' | 'repository' | 'head'>,
  facts: { readonly fault?: string; readonly before: string | undefined; readonly now: string },
): Promise<void> {
  const { fault, before, now } = facts;
  if (fault === before) return;
  const { id, application, environment, head } = state;
  const where = `${application} in environment ${environment}`;
  await notifyOutcome(
    tx,
    { subject: `render/${id}`, isSuccess: fault === undefined, order: now, concerned: await concernedBy(tx, state) },
    {
      id: `render/${id}/${head}`,
      subjects: { failure: `${where} cannot be read from its branch`, recovery: `${where} can be read again` },
      body: [
        fault ?? `Commit ${shortCommit(head)} renders.`,
        ...(fault === undefined ? [] : ['What runs there goes on; mend it by another commit, or revert this one.']),
      ].join('\n'),
      link: `/environments/${encodeURIComponent(application)}`,
      about: `environment/${id}`,
      createdAt: now,
    },
  );
}

async function concernedBy(
  tx: StoreTransaction,
  { repository, head }: Pick<DesiredState, 'repository' | 'head'>,
): Promise<readonly string[]> {
  const pushes = await tx.list('push', { match: { repository, after: head } });
  if (pushes.length > 0) return [...new Set(pushes.map(({ value }) => value.account))];
  const accounts = await tx.list('account', { limit: 10_000 });
  return accounts.filter(({ value }) => value.roles.includes('promoter')).map(({ value }) => value.id);
}
