import type { DesiredState, EnvironmentDeployment, ImagePin, Release, RollbackTarget } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';

/** Tells whether the registry still has an image. */
export type HasImage = (image: ImagePin) => Promise<boolean>;

/** A deployment that an environment could go back to, with what it ran. */
export interface FoundTarget extends RollbackTarget {
  readonly found: EnvironmentDeployment;
  readonly content: Release;
  /** It is what runs there now. */
  readonly isCurrent: boolean;
  /** A rollback went away from it: it is never what "previous" means. */
  readonly wasRolledBack: boolean;
}

/** More deployments than this are not looked through. */
const mostDeployments = 200;

/** Deployments of an environment that ended, newest first, one for each render: the last time that it ran. */
export async function findTargets(
  reader: RecordReader,
  hasImage: HasImage,
  desired: DesiredState,
  limit = 20,
): Promise<readonly FoundTarget[]> {
  const { application, environment, authorised } = desired;
  const listed = await reader.list('deployment', {
    match: { application, environment },
    newestFirst: true,
    limit: mostDeployments,
  });
  const left = await revisionsLeft(reader, desired);
  const targets: FoundTarget[] = [];
  const renders = new Set<string>();
  for (const { value } of listed) {
    if (targets.length >= limit || renders.has(value.renderDigest) || value.finishedAt === undefined) continue;
    renders.add(value.renderDigest);
    const isCurrent = authorised?.renderDigest === value.renderDigest;
    const wasRolledBack = left.has(value.revision);
    const target = await describe(reader, hasImage, { deployment: value, isCurrent, wasRolledBack });
    if (target !== undefined) targets.push(target);
  }
  return targets;
}

/** The newest deployment before the one that runs, healthy and not found wrong: what a rollback goes back to unless told otherwise. */
export function previousTarget(targets: readonly FoundTarget[]): FoundTarget | undefined {
  return targets.find(
    (one) => !one.isCurrent && !one.wasRolledBack && one.ranHealthy && one.failedVerifications.length === 0,
  );
}

/** Revisions that rollbacks went away from. */
async function revisionsLeft(reader: RecordReader, desired: DesiredState): Promise<ReadonlySet<string>> {
  const { application, environment } = desired;
  const match = { application, environment, kind: 'rollback', phase: 'succeeded' };
  const rollbacks = await reader.list('promotion', { match, newestFirst: true, limit: mostDeployments });
  return new Set(rollbacks.flatMap(({ value }) => (value.fromRevision === undefined ? [] : [value.fromRevision])));
}

async function describe(
  reader: RecordReader,
  hasImage: HasImage,
  facts: { readonly deployment: EnvironmentDeployment; readonly isCurrent: boolean; readonly wasRolledBack: boolean },
): Promise<FoundTarget | undefined> {
  const { deployment, isCurrent, wasRolledBack } = facts;
  const content = (await reader.get('release', deployment.release))?.value;
  if (content === undefined) return undefined;
  const checks = await reader.list('verification', { match: { deployment: deployment.id } });
  const presence = await Promise.all(content.images.map(async (image) => ({ image, isThere: await hasImage(image) })));
  return {
    deployment: deployment.id,
    revision: deployment.revision,
    release: deployment.release,
    ranHealthy: deployment.phase === 'succeeded',
    failedVerifications: checks.flatMap(({ value }) => (value.phase === 'failed' ? [value.name] : [])),
    missingImages: presence.flatMap(({ image, isThere }) => (isThere ? [] : [`${image.name}@${image.digest}`])),
    found: deployment,
    content,
    isCurrent,
    wasRolledBack,
  };
}
