import { rm } from 'node:fs/promises';
import {
  CodedError,
  type CommitId,
  type DesiredState,
  type Digest,
  type Release,
  type Verification,
  type VerificationDefinition,
} from '@slipway/domain';
import type { ExecutionResult } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import { advanceDelivery } from '../promotion/advance-delivery.ts';
import type { DeliveryServices } from '../services.ts';
import { verificationStatement } from '../statements.ts';
import { tellVerification } from '../tell-outcome.ts';
import { settleTickets } from '../release/close-ticket.ts';
import { checkDependency } from './check-dependency.ts';
import { checksOf } from './start-verifications.ts';

/** Which attempt of which verification an effect carries out. */
export interface VerificationAttempt {
  readonly verification: string;
  readonly attempt: number;
}

/** How a verification ended. */
export interface VerificationEnd {
  readonly phase: 'succeeded' | 'failed' | 'errored';
  readonly message: string;
  readonly isolation?: string;
  readonly logDigest?: Digest;
}

/** The effect of one attempt: runs the checks against the environment and writes how they ended. Safe to repeat. */
export async function runVerification(
  services: DeliveryServices,
  attempt: VerificationAttempt,
  signal: AbortSignal,
): Promise<void> {
  const begun = await begin(services, attempt);
  if (begun === undefined) return;
  const { verification, desired } = begun;
  const log = await services.logs.start(logId(verification));
  let end: VerificationEnd;
  try {
    const say = (line: string): void => log.write(Buffer.from(`${line}\n`));
    const dependency = desired.definition.dependencies.find((one) => `needs-${one.name}` === verification.name);
    const definition = desired.definition.verifications.find((one) => one.name === verification.name);
    if (dependency !== undefined) end = await checkDependency(services, desired, dependency, { say, signal });
    else if (definition !== undefined)
      end = await runCommands(
        services,
        { verification, desired, definition, write: (chunk) => log.write(chunk) },
        signal,
      );
    else end = { phase: 'errored', message: 'The delivery file no longer names this check.' };
  } catch (error) {
    if (!(error instanceof CodedError) || error.retry !== 'never') {
      await log.close();
      throw error;
    }
    end = { phase: 'errored', message: error.message };
  }
  const { digest } = await log.close();
  await services.checkpoint('verification-worked');
  await finishVerification(services, attempt, { ...end, logDigest: digest });
}

/** Where the log of a verification is kept. */
export function logId(verification: Verification): string {
  return `verifications/${verification.id}/${verification.attempt}`;
}

interface Begun {
  readonly verification: Verification;
  readonly desired: DesiredState;
}

async function begin(services: DeliveryServices, attempt: VerificationAttempt): Promise<Begun | undefined> {
  return services.store.transact(async (tx) => {
    const verification = (await tx.lock('verification', attempt.verification))?.value;
    if (verification === undefined || verification.attempt !== attempt.attempt) return undefined;
    if (verification.phase !== 'pending' && verification.phase !== 'running') return undefined;
    const desired = (await tx.get('desiredState', `${verification.application}/${verification.environment}`))?.value;
    if (desired === undefined) return undefined;
    const running: Verification = { ...verification, phase: 'running', message: 'It runs.', startedAt: services.now() };
    await tx.put('verification', running.id, running);
    return { verification: running, desired };
  });
}

/** Writes the end of an attempt, its statement and what follows, in one transaction. */
export async function finishVerification(
  services: DeliveryServices,
  attempt: VerificationAttempt,
  end: VerificationEnd,
): Promise<void> {
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('verification', attempt.verification))?.value;
    if (known === undefined || known.attempt !== attempt.attempt) return;
    if (known.phase !== 'pending' && known.phase !== 'running') return;
    const desired = (await tx.lock('desiredState', `${known.application}/${known.environment}`))?.value;
    if (desired === undefined) return;
    const next: Verification = { ...known, ...end, finishedAt: services.now() };
    await tx.put('verification', next.id, next);
    await tx.record(verificationStatement(next, desired.definition.class === 'protected'));
    await tellVerification(tx, next);
    await advanceDelivery(tx, desired, services.now());
    const deployment = (await tx.get('deployment', next.deployment))?.value;
    if (deployment !== undefined)
      await settleTickets(tx, { deployment, checks: checksOf(desired), now: services.now() });
  });
}

interface CommandFacts extends Begun {
  readonly definition: VerificationDefinition;
  readonly write: (chunk: Uint8Array) => void;
}

async function runCommands(
  services: DeliveryServices,
  facts: CommandFacts,
  signal: AbortSignal,
): Promise<VerificationEnd> {
  const { verification, desired, definition } = facts;
  const repository = await services.openRepository(definition.repository);
  const commit = await testedCommit(services, definition, verification.release);
  const relays = await Promise.all(
    definition.services.map(async (name) => ({
      name: addressVariable(name),
      ...(await addressOf(services, desired, name)),
    })),
  );
  const outputDir = await services.content.draftFolder();
  try {
    const result = await services.executor.execute(
      {
        key: `${verification.id}/${verification.attempt}`,
        commands: definition.commands,
        inputs: [{ open: () => repository.archive(commit) }],
        environment: { SLIPWAY_ENVIRONMENT: desired.environment },
        network: { allow: [] },
        relays,
        outputs: [],
        secrets: [],
        timeoutMs: definition.timeoutMs,
        maxOutputBytes: 16_777_216,
        trust: 'trusted',
      },
      { onLog: facts.write, outputDir },
      { signal },
    );
    return concludeVerification(result);
  } finally {
    await rm(outputDir, { recursive: true, force: true });
  }
}

/** `web` is reached at `WEB_ADDRESS`. */
function addressVariable(service: string): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_ADDRESS`;
}

async function addressOf(
  services: DeliveryServices,
  desired: DesiredState,
  name: string,
): Promise<{ readonly host: string; readonly port: number }> {
  const found = await services.findService(desired.definition, { name, port: 80 });
  if (found === undefined)
    throw new DeliveryError('VERIFICATION_UNREACHABLE', `Environment ${desired.environment} has no Service ${name}`);
  return found;
}

/** Tests of the release's own commit; of the default branch when the release has no image from that repository. */
async function testedCommit(
  services: DeliveryServices,
  definition: VerificationDefinition,
  releaseId: Release['id'],
): Promise<CommitId> {
  const release = (await services.store.get('release', releaseId))?.value;
  const changes = await Promise.all((release?.changes ?? []).map((change) => services.store.get('change', change)));
  const own = changes.flatMap((change) => (change?.value.repository === definition.repository ? [change.value] : []));
  const newest = [...own].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];
  if (newest !== undefined) return newest.commit;
  const record = (await services.store.get('repository', definition.repository))?.value;
  const repository = await services.openRepository(definition.repository);
  const head = await repository.readRef(`refs/heads/${record?.defaultBranch ?? 'main'}`);
  if (head === undefined)
    throw new DeliveryError(
      'VERIFICATION_UNREACHABLE',
      `Repository ${definition.repository} has no commit to test with`,
    );
  return head;
}

function concludeVerification(result: ExecutionResult): VerificationEnd {
  const { facts } = result;
  const isolation = `${facts.isolation}${facts.isNetworkIsolated ? '' : ' (network not isolated)'}`;
  if (result.outcome === 'exited' && result.exitCode === 0)
    return { phase: 'succeeded', message: 'Every check passed.', isolation };
  const how =
    result.outcome === 'exited' ? `exit code ${result.exitCode ?? 'unknown'}` : result.outcome.replaceAll('_', ' ');
  return { phase: 'failed', message: `\`${result.command}\`: ${how}`, isolation };
}
