import {
  type Change,
  changeId,
  type EvidenceStatement,
  parseBranch,
  type PullRequest,
  statementIds,
} from '@slipway/domain';
import type { RecordReader, Store } from '@slipway/ports';
import type { AppConfigFolder } from './app-config-folder.ts';

/** A commit of an app-config repository as the start of a chain. */
export interface AppConfigChange {
  readonly change: Change;
  /** Statements of the reviews that let it in. */
  readonly reviews: readonly string[];
}

/** The change that a pinned commit is: its author is who last changed the application's folder, not who merged. */
export async function appConfigChangeOf(
  services: { readonly store: Store },
  { repository, application, pin }: AppConfigFolder,
): Promise<AppConfigChange> {
  const commit = await repository.readCommit(pin.commit);
  const [touching = commit] = await repository.log(pin.commit, { path: application, limit: 1 });
  const merged = await mergedRequest(services.store, pin);
  const pushed = await services.store.list('push', { match: { repository: pin.repository, after: pin.commit } });
  const record = (await services.store.get('repository', pin.repository))?.value;
  const title = merged?.title ?? touching.message.split('\n')[0] ?? '';
  const change: Change = {
    id: changeId(pin.repository, pin.commit),
    repository: pin.repository,
    commit: pin.commit,
    tree: commit.tree,
    branch: record?.defaultBranch ?? parseBranch('main'),
    subject: title.slice(0, 300),
    author: { name: touching.author.name, email: touching.author.email },
    pusher: merged?.mergedBy ?? pushed[0]?.value.account ?? 'unknown',
    ...(merged === undefined ? {} : { pullRequest: merged.number }),
    createdAt: commit.committer.at,
  };
  return { change, reviews: merged === undefined ? [] : await reviewsOf(services.store, merged) };
}

/** The same statement as a code repository's change has. */
export function changeStatementOf({ change, reviews }: AppConfigChange): EvidenceStatement {
  return {
    id: statementIds.change(change.id),
    kind: 'change',
    subjects: [{ name: `git:${change.repository}`, digest: { gitCommit: change.commit, gitTree: change.tree } }],
    predicate: {
      repository: change.repository,
      branch: change.branch,
      author: change.author,
      pusher: change.pusher,
      subject: change.subject,
      signature: 'not checked',
      ...(change.pullRequest === undefined ? {} : { pullRequest: change.pullRequest }),
    },
    links: reviews,
  };
}

/** The pull request whose merge a commit is. */
export async function mergedRequest(
  reader: RecordReader,
  place: Pick<Change, 'repository' | 'commit'>,
): Promise<PullRequest | undefined> {
  const match = { repository: place.repository, mergedCommit: place.commit };
  return (await reader.list('pullRequest', { match }))[0]?.value;
}

/** Approvals of the head that was merged, as far as their statements are kept. */
async function reviewsOf(store: Store, request: PullRequest): Promise<readonly string[]> {
  const match = { pullRequest: request.id, head: request.head, verdict: 'approved' };
  const ids = (await store.list('review', { match })).map(({ value }) => statementIds.review(value.id));
  return ids.length === 0 ? [] : (await store.statements({ ids })).map(({ id }) => id);
}
