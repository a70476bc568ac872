import type { DesiredState, EnvironmentDeployment, UpstreamFacts, Verification } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';
import { checksOf } from '../verification/start-verifications.ts';

/** How an environment's authorised render does: its deployment and the checks that the delivery file names. */
export interface EnvironmentState {
  readonly desired: DesiredState;
  readonly deployment?: EnvironmentDeployment;
  readonly verifications: readonly Verification[];
}

/** Reads the state of an environment; the deployment is that of the authorised render only. */
export async function readEnvironment(reader: RecordReader, desired: DesiredState): Promise<EnvironmentState> {
  const { authorised, application, environment } = desired;
  if (authorised === undefined) return { desired, verifications: [] };
  const match = { application, environment, renderDigest: authorised.renderDigest, revision: authorised.revision };
  const [found] = await reader.list('deployment', { match, newestFirst: true, limit: 1 });
  if (found === undefined) return { desired, verifications: [] };
  const verifications = await reader.list('verification', { match: { deployment: found.value.id } });
  return { desired, deployment: found.value, verifications: verifications.map((one) => one.value) };
}

/** An environment as the gates of the next one see it. */
export function upstreamFacts(state: EnvironmentState, now: string): UpstreamFacts {
  const { desired, deployment, verifications } = state;
  const isHealthy = deployment?.phase === 'succeeded';
  const ends = [deployment?.healthySince, ...verifications.map((one) => one.finishedAt)].flatMap((at) =>
    at === undefined ? [] : [Date.parse(at)],
  );
  return {
    environment: desired.environment,
    ...(isHealthy ? { healthyRelease: deployment.release } : {}),
    verifications: checksOf(desired).map((name) => ({
      name,
      phase: verifications.find((one) => one.name === name)?.phase ?? 'pending',
    })),
    soakedForMs: ends.length === 0 ? 0 : Math.max(0, Date.parse(now) - Math.max(...ends)),
  };
}
