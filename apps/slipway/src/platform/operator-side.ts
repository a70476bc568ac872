import { createHash } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { CommitId } from '@slipway/domain';
import {
  type DeploymentReport,
  type EnvironmentPolicy,
  type OperatorServices,
  parsePolicy,
  type PolicyServer,
  runOperator,
} from '@slipway/operator';
import type { GitHost, GitRepository, Renderer, Target } from '@slipway/ports';
import { readEvents } from '../client/read-events.ts';

export interface OperatorParts {
  readonly url: string;
  readonly token: string;
  readonly serverKey: KeyObject;
  readonly git: GitHost;
  /** Folder of the operator's mirrors. */
  readonly mirrorDir: string;
  readonly renderer: Renderer;
  readonly target: Target;
  readonly checkpoint: (name: string) => Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Runs an operator against its server over HTTP, in this process or in one of its own: the same path. */
export function startOperator(parts: OperatorParts): Promise<void> {
  const services: OperatorServices = {
    server: policyServer(parts),
    serverKey: parts.serverKey,
    renderer: parts.renderer,
    target: parts.target,
    mirror: (policy, commit, signal) => openMirror(parts, policy, { commit, signal }),
    now: () => new Date().toISOString(),
    checkpoint: parts.checkpoint,
  };
  return runOperator(services, {
    concurrency: 8,
    signal: parts.signal,
    onPass: ({ key, durationMs, outcome, error }) => {
      const fields = {
        environment: key,
        durationMs: Math.round(durationMs),
        outcome,
        ...(error === undefined ? {} : { err: error }),
      };
      if (outcome === 'errored' || outcome === 'stalled') parts.log.warn(fields, 'reconcile ended without success');
      else parts.log.debug(fields, 'reconciled');
    },
  });
}

const firstRetryMs = 200;
const lastRetryMs = 10_000;

function policyServer(parts: OperatorParts): PolicyServer {
  const headers = { authorization: `Bearer ${parts.token}` };
  return {
    async *watch(signal): AsyncIterable<readonly EnvironmentPolicy[]> {
      for (let failures = 0; !signal.aborted; failures++) {
        try {
          for await (const event of readEvents(`${parts.url}/api/v1/operator/policies`, { headers, signal })) {
            failures = 0;
            if (event.name === 'policies')
              yield (JSON.parse(event.data) as readonly Readonly<Record<string, unknown>>[]).map(parsePolicy);
          }
        } catch (error) {
          parts.log.debug({ err: error }, 'the server is away');
        }
        await sleep(Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 8)), undefined, { signal }).catch(
          () => undefined,
        );
      }
    },
    async report(report: DeploymentReport, signal) {
      const response = await fetch(`${parts.url}/api/v1/operator/deployments`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(report),
        signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
      });
      if (!response.ok)
        throw new Error(`the server answered ${response.status} to a report: ${(await response.text()).slice(0, 500)}`);
    },
  };
}

/** The mirror of a config repository; fetched only when it does not hold the commit yet. */
async function openMirror(
  parts: OperatorParts,
  policy: EnvironmentPolicy,
  wanted: { readonly commit: CommitId; readonly signal: AbortSignal },
): Promise<GitRepository> {
  const name = createHash('sha256').update(policy.cloneUrl).digest('hex').slice(0, 16);
  const mirror = await parts.git.create(path.join(parts.mirrorDir, `${name}.git`));
  if ((await mirror.resolve(wanted.commit)) !== undefined) return mirror;
  const remote = { url: policy.cloneUrl, credential: { username: 'operator', password: parts.token } };
  await mirror.fetch(remote, [`+refs/heads/${policy.branch}:refs/remotes/origin/${policy.branch}`], {
    signal: wanted.signal,
  });
  return mirror;
}
