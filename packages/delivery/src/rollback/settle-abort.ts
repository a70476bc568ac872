import {
  type AppConfigPin,
  type DesiredState,
  type EnvironmentDeployment,
  type EvidenceStatement,
  type Promotion,
  shortDigest,
  statementIds,
} from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { placeHold } from '../holds/holds.ts';
import { beginPromotion, freeId } from '../promotion/advance-delivery.ts';
import { openRollback } from './preview-rollback.ts';

/**
 * What an aborted canary leaves, in the transaction of its report: the authorisation of its render is revoked, what ran healthy before
 * is authorised again, a hold keeps automation from trying again, and the revert is asked for: a pull request that only a person merges.
 */
export async function settleAbort(
  tx: StoreTransaction,
  facts: { readonly desired: DesiredState; readonly aborted: EnvironmentDeployment; readonly now: string },
): Promise<void> {
  const { desired, aborted, now } = facts;
  const { authorised } = desired;
  if (authorised === undefined) return;
  const stable = await lastHealthy(tx, desired, aborted);
  const authorisation =
    stable === undefined ? undefined : statementIds.authorisation(desired.id, stable.renderDigest, stable.revision);
  await tx.record(revocationStatement(aborted, authorised.statement));
  const { authorised: _revoked, ...rest } = desired;
  await tx.put('desiredState', desired.id, {
    ...rest,
    ...(stable === undefined || authorisation === undefined
      ? {}
      : {
          authorised: {
            revision: stable.revision,
            renderDigest: stable.renderDigest,
            release: stable.release,
            statement: authorisation,
            ...(await appConfigOf(tx, stable)),
          },
        }),
    pending: {
      since: now,
      revision: aborted.revision,
      renderDigest: aborted.renderDigest,
      reason: `Its canary was aborted: ${aborted.message}`,
    },
    updatedAt: now,
  });
  await placeHold(tx, {
    id: abortHoldId(aborted),
    application: desired.application,
    environment: desired.environment,
    cause: 'abort',
    reason: `The canary of release ${shortDigest(aborted.release)} was aborted: ${aborted.message}`,
    placedBy: 'policy',
    placedAt: now,
    about: aborted.id,
  });
  if (stable !== undefined) await askForRevert(tx, { desired, aborted, stable, now });
}

/** Id of the hold that an abort places. */
export function abortHoldId(aborted: Pick<EnvironmentDeployment, 'id' | 'application' | 'environment'>): string {
  return `${aborted.application}/${aborted.environment}/abort-${aborted.id.split('/').slice(2).join('-')}`;
}

/** What ran healthy last, other than what was aborted. */
async function lastHealthy(
  tx: StoreTransaction,
  desired: DesiredState,
  aborted: EnvironmentDeployment,
): Promise<EnvironmentDeployment | undefined> {
  const { application, environment } = desired;
  const match = { application, environment, phase: 'succeeded' };
  const healthy = await tx.list('deployment', { match, newestFirst: true, limit: 50 });
  return healthy.map(({ value }) => value).find((one) => one.renderDigest !== aborted.renderDigest);
}

async function appConfigOf(
  tx: StoreTransaction,
  { release }: EnvironmentDeployment,
): Promise<{ readonly appConfig?: AppConfigPin }> {
  const appConfig = (await tx.get('release', release))?.value.appConfig;
  return appConfig === undefined ? {} : { appConfig };
}

/** A revert that is open already stands for this one too. */
async function askForRevert(
  tx: StoreTransaction,
  facts: {
    readonly desired: DesiredState;
    readonly aborted: EnvironmentDeployment;
    readonly stable: EnvironmentDeployment;
    readonly now: string;
  },
): Promise<void> {
  const { desired, aborted, stable, now } = facts;
  if ((await openRollback(tx, desired)) !== undefined) return;
  const base = `${desired.id}/back-${shortDigest(stable.release)}.${shortDigest(aborted.renderDigest)}`;
  const { id } = await freeId(tx, base, () => true);
  const promotion: Promotion = {
    id,
    kind: 'rollback',
    application: desired.application,
    environment: desired.environment,
    release: stable.release,
    fromRevision: aborted.revision,
    phase: 'running',
    requestedBy: 'policy',
    reason: `The canary was aborted: ${aborted.message}`,
    message: 'It is being written into the config repository.',
    approvals: [],
    requestedAt: now,
    rollback: {
      part: 'both',
      cause: 'abort',
      toDeployment: stable.id,
      toRevision: stable.revision,
      reverts: [aborted.revision],
      method: 'revert',
    },
  };
  await beginPromotion(tx, promotion);
}

function revocationStatement(aborted: EnvironmentDeployment, authorisation: string): EvidenceStatement {
  const { application, environment, revision, renderDigest, release, reason, message, id } = aborted;
  return {
    id: statementIds.revocation(authorisation),
    kind: 'revocation',
    subjects: [
      { name: `render:${application}/${environment}`, digest: { sha256: renderDigest.slice('sha256:'.length) } },
    ],
    predicate: { application, environment, commit: revision, renderDigest, release, deployment: id, reason, message },
    links: [authorisation, statementIds.deployment(id)],
  };
}
