import {
  type CanaryReport,
  type CommitId,
  type DeliveryPhase,
  type DesiredState,
  type Digest,
  type EnvironmentDeployment,
  isFinal,
  type Name,
} from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';
import { advanceDelivery } from '../promotion/advance-delivery.ts';
import { settleAbort } from '../rollback/settle-abort.ts';
import type { DeliveryServices } from '../services.ts';
import { deploymentStatement } from '../statements.ts';
import { tellDeployment } from '../tell-outcome.ts';
import { settleTickets } from '../release/close-ticket.ts';
import { checksOf, startVerifications } from '../verification/start-verifications.ts';

/** Name of the effect that measures a deployment that ended. */
export const measureEffect = 'delivery.measure';

/** What the operator saw of one render in one environment; sending it twice changes nothing. */
export interface DeploymentReport {
  readonly application: Name;
  readonly environment: Name;
  readonly revision: CommitId;
  readonly renderDigest: Digest;
  readonly phase: DeliveryPhase;
  readonly reason: string;
  readonly message: string;
  readonly inventory: readonly string[];
  readonly written: number;
  readonly startedAt: string;
  /** Per object: generation applied and observed, and when it was seen healthy. */
  readonly observed: unknown;
  /** Absent where all pods are replaced at once. */
  readonly canary?: CanaryReport;
}

/** Where a report came from, as the server checked it before. */
export interface ReportSource {
  /** Account of the operator. */
  readonly operator: string;
  /** Fingerprint of the key that signed the report. */
  readonly keyId: string;
  /** Of the signed envelope. */
  readonly digest: Digest;
}

/** Id of a deployment: the same render of the same revision in the same environment. */
export function deploymentId(
  report: Pick<DeploymentReport, 'application' | 'environment' | 'revision' | 'renderDigest'>,
): string {
  return `${report.application}/${report.environment}/${report.renderDigest.slice(7, 19)}/${report.revision.slice(0, 12)}`;
}

/** Takes an operator's report: state, statement and what follows, in one transaction. */
export async function recordDeployment(
  services: DeliveryServices,
  report: DeploymentReport,
  source: ReportSource,
): Promise<void> {
  await services.store.transact(async (tx) => {
    const id = deploymentId(report);
    const desired = (await tx.lock('desiredState', `${report.application}/${report.environment}`))?.value;
    const authorised = desired?.authorised;
    // Only what we authorised can be a deployment of ours; anything else is an old report or a lie.
    if (desired === undefined || authorised?.renderDigest !== report.renderDigest) return;
    if (authorised.revision !== report.revision) return;
    const known = (await tx.lock('deployment', id))?.value;
    if (known !== undefined && isFinal[known.phase]) return;
    const next = nextDeployment({ id, report, known, authorised, now: services.now() });
    await tx.put('deployment', id, next);
    if (!isFinal[next.phase]) return;
    const isProtected = desired.definition.class === 'protected';
    await tx.record(
      deploymentStatement(next, {
        authorisation: authorised.statement,
        isProtected,
        source,
        observed: report.observed,
      }),
    );
    await tx.effect({ kind: measureEffect, key: `${id}/measure`, payload: { deployment: id } });
    await settleEnd(tx, services, desired, next);
    await tellDeployment(tx, next);
  });
}

function nextDeployment(facts: {
  readonly id: string;
  readonly report: DeploymentReport;
  readonly known: EnvironmentDeployment | undefined;
  readonly authorised: NonNullable<DesiredState['authorised']>;
  readonly now: string;
}): EnvironmentDeployment {
  const { report, known, now } = facts;
  const { release, appConfig } = facts.authorised;
  const { application, environment, revision, renderDigest, phase, reason, message, inventory, written } = report;
  const canary = report.canary ?? known?.canary;
  return {
    id: facts.id,
    application,
    environment,
    revision,
    renderDigest,
    release,
    ...(appConfig === undefined ? {} : { appConfig }),
    phase,
    reason,
    message,
    inventory,
    written: Math.max(written, known?.written ?? 0),
    ...(canary === undefined ? {} : { canary }),
    startedAt: known?.startedAt ?? report.startedAt,
    ...(isFinal[phase] ? { finishedAt: now } : {}),
    ...(phase === 'succeeded' ? { healthySince: now } : {}),
  };
}

async function settleEnd(
  tx: StoreTransaction,
  services: DeliveryServices,
  desired: DesiredState,
  deployment: EnvironmentDeployment,
): Promise<void> {
  const match = {
    application: deployment.application,
    environment: deployment.environment,
    renderDigest: deployment.renderDigest,
    phase: 'running',
  };
  for (const { value } of await tx.list('promotion', { match })) {
    if (value.commit === undefined) continue;
    const phase = deployment.phase;
    await tx.put('promotion', value.id, { ...value, phase, message: deployment.message, finishedAt: services.now() });
  }
  if (deployment.phase === 'aborted') await settleAbort(tx, { desired, aborted: deployment, now: services.now() });
  if (deployment.phase === 'succeeded') {
    const started = await startVerifications(tx, desired, deployment, services.now());
    if (started === 0) await advanceDelivery(tx, desired, services.now());
  }
  await settleTickets(tx, { deployment, checks: checksOf(desired), now: services.now() });
}
