import {
  type Account,
  type CanaryControl,
  type DesiredState,
  type EnvironmentDeployment,
  type EvidenceStatement,
  statementIds,
} from '@slipway/domain';
import { DeliveryError } from '../delivery-error.ts';
import { deploymentId } from '../environments/record-deployment.ts';
import type { DeliveryServices } from '../services.ts';
import { refusePlace } from '../environments/known-environment.ts';

/** What a person asks of the canary of an environment. */
export interface CanaryOrder {
  readonly application: string;
  readonly environment: string;
  readonly action: CanaryControl['action'];
}

/**
 * A person lets a waiting canary go on, or aborts one. The word travels to the operator in its policy; it counts only for the render and,
 * to go on, for the step that the server knew of.
 *
 * @throws {@link DeliveryError} `PROMOTION_UNKNOWN`, `CANARY_NOT_RUNNING`, `CANARY_NOT_WAITING`.
 */
export async function sayToCanary(
  services: DeliveryServices,
  account: Account,
  order: CanaryOrder,
): Promise<EnvironmentDeployment> {
  return services.store.transact(async (tx) => {
    const place = `${order.application}/${order.environment}`;
    const desired = (await tx.lock('desiredState', place))?.value;
    if (desired === undefined) return refusePlace(order);
    const { authorised } = desired;
    const known =
      authorised === undefined
        ? undefined
        : (await tx.get('deployment', deploymentId({ ...desired, ...authorised })))?.value;
    const canary = known?.phase === 'running' ? known.canary : undefined;
    if (authorised === undefined || known === undefined || canary === undefined)
      throw new DeliveryError('CANARY_NOT_RUNNING', `No canary runs in ${place}`);
    const isWaiting = canary.phase === 'paused' || canary.phase === 'inconclusive';
    if (order.action === 'resume' && !isWaiting)
      throw new DeliveryError('CANARY_NOT_WAITING', `The canary in ${place} waits for nobody: ${canary.message}`);
    const control = { action: order.action, step: canary.step, by: account.id, at: services.now() };
    const { renderDigest } = authorised;
    const updatedAt = services.now();
    await tx.put('desiredState', place, { ...desired, canaryControl: { ...control, renderDigest }, updatedAt });
    await tx.record(controlStatement(desired, known, control));
    return known;
  });
}

function controlStatement(
  desired: DesiredState,
  { id, renderDigest, revision, canary }: EnvironmentDeployment,
  control: CanaryControl,
): EvidenceStatement {
  return {
    id: statementIds.canaryControl(id, control.at),
    kind: 'canaryControl',
    subjects: [{ name: `render:${desired.id}`, digest: { sha256: renderDigest.slice('sha256:'.length) } }],
    predicate: {
      application: desired.application,
      environment: desired.environment,
      commit: revision,
      deployment: id,
      action: control.action,
      step: control.step,
      account: control.by,
      at: control.at,
      // What they decided upon.
      canary: { ...canary },
    },
    links: desired.authorised === undefined ? [] : [desired.authorised.statement],
  };
}
