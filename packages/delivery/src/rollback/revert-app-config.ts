import {
  type AppConfigPin,
  type DesiredState,
  InvariantError,
  type Name,
  parseBranch,
  type Promotion,
  type Release,
  shortCommit,
  type Signature,
} from '@slipway/domain';
import { treeAt } from '@slipway/manifests';
import type { GitRepository } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import type { DeliveryServices } from '../services.ts';
import { changeTrailer, commitMessage, type ManifestEdit } from '../writer/manifest-edit.ts';
import { restoreFolder } from './restore-folder.ts';

/** What a rollback takes back in the app-config repository; absent when the releases have the same settings. */
export function appConfigCourse(
  from: Pick<Release, 'appConfig'>,
  to: Pick<Release, 'appConfig'>,
): { readonly from: AppConfigPin; readonly to: AppConfigPin } | undefined {
  const [before, after] = [from.appConfig, to.appConfig];
  if (before === undefined || after === undefined || before.tree === after.tree) return undefined;
  return before.repository === after.repository ? { from: before, to: after } : undefined;
}

interface Reverting {
  readonly promotion: Promotion;
  readonly desired: DesiredState;
  readonly course: { readonly from: AppConfigPin; readonly to: AppConfigPin };
  readonly author: Signature;
}

/**
 * Where the app-config repository stands in a rollback: `reverted` once its default branch holds the settings that are gone back to;
 * else the pull request that takes the newer ones back, opened when there is none.
 *
 * @throws {@link DeliveryError} `ROLLBACK_CONFLICT` when others have changed the same settings since: a person decides.
 */
export async function revertAppConfig(
  services: DeliveryServices,
  facts: Reverting,
): Promise<
  { readonly kind: 'reverted'; readonly pin: AppConfigPin } | { readonly kind: 'asked'; readonly number: number }
> {
  const { course, promotion } = facts;
  const { application } = promotion;
  const repository = await services.openRepository(course.to.repository);
  const record = (await services.store.get('repository', course.to.repository))?.value;
  const branch = record?.defaultBranch ?? parseBranch('main');
  const head = await repository.readRef(`refs/heads/${branch}`);
  if (head === undefined) throw new InvariantError(`${course.to.repository} lost branch ${branch}`);
  if ((await treeOf(repository, head, application)) === course.to.tree)
    return { kind: 'reverted', pin: { ...course.to, commit: head } };
  const source = parseBranch(`slipway/rollback/${promotion.environment}/${promotion.id.split('.').slice(1).join('-')}`);
  await writeRevert(services, repository, { ...facts, source, head });
  const { number } = await services.openPullRequest({
    repository: course.to.repository,
    source,
    target: branch,
    title: titleOf(facts),
    body: `First of two: environment ${promotion.environment} goes back to these settings once they are merged. ${promotion.reason ?? ''}`.trim(),
    author: promotion.requestedBy,
  });
  return { kind: 'asked', number };
}

function titleOf({ promotion, course }: Pick<Reverting, 'promotion' | 'course'>): string {
  return `Take the settings of ${promotion.application} back to ${shortCommit(course.to.commit)}`;
}

/** Writes the branch of the revert on the head as it is; one that carries it already stays. */
async function writeRevert(
  services: DeliveryServices,
  repository: GitRepository,
  facts: Reverting & { readonly source: ReturnType<typeof parseBranch>; readonly head: AppConfigPin['commit'] },
): Promise<void> {
  const { promotion, course, source, head } = facts;
  const ref = `refs/heads/${source}`;
  const known = await repository.readRef(ref);
  const edit: ManifestEdit = {
    id: `rollback/${promotion.id}`,
    author: facts.author,
    subject: titleOf(facts),
    body: `This takes back what came after commit ${course.to.commit}.`,
    trailers: [['Slipway-Requested-By', promotion.requestedBy]],
    apply: () => Promise.resolve({ kind: 'nothing' }),
  };
  if (known !== undefined) {
    const { trailers } = await repository.readCommit(known);
    if (trailers.some(([key, value]) => key === changeTrailer && value === edit.id)) return;
  }
  const states = { from: treeAt(repository, course.from.commit), to: treeAt(repository, course.to.commit) };
  const options = { folder: promotion.application, isWanted: () => true };
  const { changes, conflicts } = await restoreFolder(treeAt(repository, head), states, options);
  const refuse = (what: string): DeliveryError =>
    new DeliveryError(
      'ROLLBACK_CONFLICT',
      `The settings in ${course.to.repository} cannot go back by themselves: ${what}`,
      {
        facts: { repository: course.to.repository, revision: course.to.commit },
      },
    );
  if (conflicts.length > 0) throw refuse(`changed since were ${conflicts.join(', ')}`);
  const plan = { changes, author: edit.author, committer: services.committer, at: promotion.requestedAt };
  const [commit] = await repository.commitChain(head, [{ ...plan, message: commitMessage(edit) }]);
  if (commit === undefined) throw new InvariantError('a revert made no commit');
  if ((await treeOf(repository, commit, promotion.application)) !== course.to.tree)
    throw refuse('other settings were changed since, and would go to production with them');
  await services.checkpoint('app-config-revert-written');
  await repository.updateRef(ref, commit, known);
}

/** Git id of an application's folder. */
async function treeOf(
  repository: GitRepository,
  commit: AppConfigPin['commit'],
  application: Name,
): Promise<AppConfigPin['tree'] | undefined> {
  const entries = await repository.readTree(commit, { recursive: false });
  return entries.find((entry) => entry.path === application)?.id;
}
