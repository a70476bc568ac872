import type { CodedError, CommitId, InboxItem, Name } from '@slipway/domain';
import { shortCommit } from '@slipway/domain';
import type { DeliveryServices } from '../services.ts';
import { mergedRequest } from './app-config-change.ts';

/** A commit of an app-config repository that is not pinned, and why. */
export interface AppConfigRefusal {
  readonly repository: Name;
  readonly commit: CommitId;
  readonly config: Name;
  readonly application: Name;
  readonly error: CodedError;
}

/** Puts the refusal into the inbox of the person who brought the commit, once; of every admin when nobody is known. */
export async function tellOfRefusal(services: DeliveryServices, refusal: AppConfigRefusal): Promise<void> {
  const { repository, commit, application, error } = refusal;
  const accounts = await peopleOf(services, refusal);
  await services.store.transact(async (tx) => {
    for (const account of accounts) {
      const id = `app-config/${refusal.config}/${repository}@${commit}/${account}`;
      if ((await tx.get('inboxItem', id)) !== undefined) continue;
      const item: InboxItem = {
        id,
        account,
        kind: 'failure',
        subject: `App config of ${application} was not pinned: ${repository} at ${shortCommit(commit)}`,
        body: error.message,
        link: `/environments/${application}`,
        createdAt: services.now(),
      };
      await tx.put('inboxItem', id, item);
    }
  });
}

async function peopleOf(
  services: DeliveryServices,
  { repository, commit }: AppConfigRefusal,
): Promise<readonly string[]> {
  const { store } = services;
  const merged = await mergedRequest(store, { repository, commit });
  if (merged !== undefined) return [merged.author];
  const [pushed] = await store.list('push', { match: { repository, after: commit } });
  if (pushed !== undefined) return [pushed.value.account];
  const { author } = await (await services.openRepository(repository)).readCommit(commit);
  const known = await store.list('account', { match: { verifiedEmails: [author.email] } });
  if (known.length > 0) return known.map(({ value }) => value.id);
  return (await store.list('account', { match: { roles: ['admin'] } })).map(({ value }) => value.id);
}
