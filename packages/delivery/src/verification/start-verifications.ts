import {
  type DesiredState,
  type EnvironmentDeployment,
  type Name,
  parseName,
  type Verification,
} from '@slipway/domain';
import type { StoreTransaction } from '@slipway/ports';

/** Name of the effect that runs one verification. */
export const verifyEffect = 'delivery.verify';

/** Names of the checks of an environment, dependencies first. */
export function checksOf(desired: Pick<DesiredState, 'definition'>): readonly Name[] {
  const { dependencies, verifications } = desired.definition;
  return [
    ...dependencies.map((dependency) => parseName(`needs-${dependency.name}`)),
    ...verifications.map((verification) => verification.name),
  ];
}

/** Creates the verifications of a deployment and starts them; returns how many there are. */
export async function startVerifications(
  tx: StoreTransaction,
  desired: DesiredState,
  deployment: EnvironmentDeployment,
  now: string,
): Promise<number> {
  const names = checksOf(desired);
  for (const name of names) {
    const id = `${deployment.id}/${name}`;
    if ((await tx.lock('verification', id)) !== undefined) continue;
    const verification: Verification = {
      id,
      deployment: deployment.id,
      application: deployment.application,
      environment: deployment.environment,
      release: deployment.release,
      name,
      phase: 'pending',
      attempt: 1,
      message: 'It waits for a place to run.',
      startedAt: now,
    };
    await tx.put('verification', id, verification);
    await tx.effect({ kind: verifyEffect, key: `${id}/1`, payload: { verification: id, attempt: 1 } });
  }
  return names.length;
}
