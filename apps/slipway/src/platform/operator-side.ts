import { createHash, type KeyObject } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, type CommitId } from '@slipway/domain';
import { type EnvironmentPolicy, type OperatorServices, type PassReport, runOperator } from '@slipway/operator';
import type { GitHost, GitRepository, MetricsProvider, Renderer, Target } from '@slipway/ports';
import { enrol, openPolicyServer, type OperatorLink } from './operator-link.ts';

export interface OperatorParts extends OperatorLink {
  /** Key that authorisations are believed by; absent: the one of the first enrolment, kept from then on. */
  readonly serverKey?: KeyObject | undefined;
  readonly git: GitHost;
  readonly renderer: Renderer;
  readonly target: Target;
  readonly metrics: MetricsProvider;
  readonly checkpoint: (name: string) => Promise<void>;
  readonly signal: AbortSignal;
}

const firstRetryMs = 200;
const lastRetryMs = 5_000;

/** Runs an operator against its server over HTTP, in this process or in one of its own: the same path. */
export async function startOperator(parts: OperatorParts): Promise<void> {
  const serverKey = await trustServer(parts);
  if (serverKey === undefined) return;
  const services: OperatorServices = {
    server: openPolicyServer(parts, serverKey),
    serverKey,
    renderer: parts.renderer,
    target: parts.target,
    metrics: parts.metrics,
    mirror: (policy, commit, signal) => openMirror(parts, policy, { commit, signal }),
    now: () => new Date().toISOString(),
    checkpoint: parts.checkpoint,
  };
  return runOperator(services, { concurrency: 8, signal: parts.signal, onPass: (pass) => logPass(parts, pass) });
}

/** Whom to believe: the key that was given, else the one kept, else what the first server to answer says. */
async function trustServer(parts: OperatorParts): Promise<KeyObject | undefined> {
  const { folder, signal, log } = parts;
  const known = parts.serverKey ?? folder.serverKey;
  if (known !== undefined) {
    if (parts.serverKey !== undefined) await folder.trust(parts.serverKey);
    return known;
  }
  const isOver = (): boolean => signal.aborted;
  for (let failures = 0; !isOver(); failures++) {
    try {
      const told = await enrol(parts, signal);
      await folder.trust(told);
      return told;
    } catch (error) {
      if (isOver()) return undefined;
      if (error instanceof CodedError && error.retry === 'never') throw error;
      log.debug({ err: error }, 'the server is away');
    }
    const pauseMs = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 8));
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

function logPass(parts: OperatorParts, { key, durationMs, outcome, error }: PassReport): void {
  const fields = {
    environment: key,
    durationMs: Math.round(durationMs),
    outcome,
    ...(error === undefined ? {} : { err: error }),
  };
  if (outcome === 'errored' || outcome === 'stalled') parts.log.warn(fields, 'reconcile ended without success');
  else parts.log.debug(fields, 'reconciled');
}

/** The mirror of a config repository; fetched only when it does not hold the commit yet. */
async function openMirror(
  parts: OperatorParts,
  policy: EnvironmentPolicy,
  wanted: { readonly commit: CommitId; readonly signal: AbortSignal },
): Promise<GitRepository> {
  const name = createHash('sha256').update(policy.cloneUrl).digest('hex').slice(0, 16);
  const mirror = await parts.git.create(path.join(parts.folder.dir, `${name}.git`));
  if ((await mirror.resolve(wanted.commit)) !== undefined) return mirror;
  const remote = { url: policy.cloneUrl, credential: { username: 'operator', password: parts.token } };
  await mirror.fetch(remote, [`+refs/heads/${policy.branch}:refs/remotes/origin/${policy.branch}`], {
    signal: wanted.signal,
  });
  return mirror;
}
