import { type AppConfigPin, type DesiredState, type Promotion, type Release, type Rollback } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';
import type { DeliveryServices } from '../services.ts';
import type { ManifestEdit } from '../writer/manifest-edit.ts';
import { authorOfRollback, editOfRollback } from './edit-of-rollback.ts';
import { appConfigCourse, revertAppConfig } from './revert-app-config.ts';

interface Carried {
  readonly promotion: Promotion;
  readonly desired: DesiredState;
}

/**
 * The edit of a rollback in the config repository; absent while the settings are still being taken back in their own repository, which
 * comes first: what is pinned then is a commit that everybody can see on its branch.
 *
 * An aborted canary and an emergency do not wait for that: the settings that ran before are pinned by their old commit.
 */
export async function rollbackWhenReady(
  services: DeliveryServices,
  rollback: Rollback,
  carried: Carried,
): Promise<ManifestEdit | undefined> {
  const pin = await settingsFirst(services, rollback, carried);
  if (pin === 'asked') return undefined;
  return editOfRollback(services, rollback, { ...carried, ...(pin === undefined ? {} : { pin }) });
}

async function settingsFirst(
  services: DeliveryServices,
  rollback: Rollback,
  { promotion, desired }: Carried,
): Promise<AppConfigPin | 'asked' | undefined> {
  const isAtOnce = rollback.cause === 'abort' || promotion.breakGlass !== undefined;
  if (isAtOnce || rollback.part === 'manifests') return undefined;
  const from = await releaseAt(services.store, promotion);
  const to = await releaseOfDeployment(services.store, rollback.toDeployment);
  const course = from === undefined || to === undefined ? undefined : appConfigCourse(from, to);
  if (course === undefined) return undefined;
  const author = await authorOfRollback(services, promotion);
  const done = await revertAppConfig(services, { promotion, desired, course, author });
  if (done.kind === 'reverted') return done.pin;
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('promotion', promotion.id))?.value;
    if (known?.rollback === undefined || known.rollback.appConfig !== undefined) return;
    const appConfig = { repository: course.to.repository, pullRequest: done.number };
    const message = `Pull request ${done.number} of ${course.to.repository} comes first: it takes the settings back.`;
    await tx.put('promotion', known.id, { ...known, rollback: { ...known.rollback, appConfig }, message });
  });
  return 'asked';
}

/** The release that ran at the revision which is gone away from. */
async function releaseAt(reader: RecordReader, promotion: Promotion): Promise<Release | undefined> {
  const { application, environment, fromRevision } = promotion;
  const match = { application, environment, revision: fromRevision };
  const [found] = await reader.list('deployment', { match, newestFirst: true, limit: 1 });
  return found === undefined ? undefined : (await reader.get('release', found.value.release))?.value;
}

async function releaseOfDeployment(reader: RecordReader, id: string): Promise<Release | undefined> {
  const deployment = (await reader.get('deployment', id))?.value;
  return deployment === undefined ? undefined : (await reader.get('release', deployment.release))?.value;
}
