import type { KeyObject } from 'node:crypto';
import {
  type Branch,
  type CanaryControl,
  type CanaryReport,
  type CommitId,
  type DeploymentStrategy,
  type Digest,
  isDigest,
  type Name,
  parseBranch,
  parseCommitId,
  parseDigest,
  parseName,
  parseStrategy,
} from '@slipway/domain';
import { parseStatement, verifyEnvelope } from '@slipway/evidence';
import type { DeliveryPhase } from '@slipway/domain';
import { OperatorError } from './operator-error.ts';

/** What the server asks for in one environment. */
export interface EnvironmentPolicy {
  readonly application: Name;
  readonly environment: Name;
  readonly cloneUrl: string;
  readonly branch: Branch;
  readonly path: string;
  readonly namespace: Name;
  readonly rolloutDeadlineMs: number;
  /** Signed envelope; absent while nothing may be applied. */
  readonly authorisation?: string;
  /** The last word of a person on the canary of one render. */
  readonly canaryControl?: CanaryControl & { readonly renderDigest: Digest };
}

/** Key of an environment in the reconcile host. */
export function policyKey(policy: Pick<EnvironmentPolicy, 'application' | 'environment'>): string {
  return `${policy.application}/${policy.environment}`;
}

/** What an operator tells of one render; the server accepts the same report twice. */
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
  readonly observed: unknown;
  /** Absent where all pods are replaced at once. */
  readonly canary?: CanaryReport;
}

/** The operator's way to its server: it dials out, nothing comes in. */
export interface PolicyServer {
  /** The policies as they are, and again after each change, until the signal. Reconnects by itself. */
  watch(signal: AbortSignal): AsyncIterable<readonly EnvironmentPolicy[]>;
  report(report: DeploymentReport, signal: AbortSignal): Promise<void>;
}

/** What an authorisation lets in. */
export interface AuthorisedRender {
  readonly revision: CommitId;
  readonly renderDigest: Digest;
  readonly strategy: DeploymentStrategy;
}

/**
 * Reads the authorisation of a policy with the server's key.
 *
 * @throws {@link OperatorError} `AUTHORISATION_INVALID` when it is not signed by that key or speaks of another environment.
 */
export function readAuthorisation(policy: EnvironmentPolicy, envelope: string, serverKey: KeyObject): AuthorisedRender {
  try {
    const statement = parseStatement(verifyEnvelope(envelope, [serverKey]).payload);
    const { application, environment, revision, renderDigest, strategy } = statement.predicate;
    const isOurs =
      statement.kind === 'authorisation' && application === policy.application && environment === policy.environment;
    if (!isOurs) throw new Error('it speaks of another environment');
    return {
      revision: parseCommitId(String(revision)),
      renderDigest: parseDigest(String(renderDigest)),
      strategy: parseStrategy(strategy),
    };
  } catch (error) {
    throw new OperatorError('AUTHORISATION_INVALID', `The authorisation of ${policyKey(policy)} cannot be trusted`, {
      cause: error,
    });
  }
}

/** A policy from what the server sent. */
export function parsePolicy(raw: Readonly<Record<string, unknown>>): EnvironmentPolicy {
  const text = (field: string): string => (typeof raw[field] === 'string' ? raw[field] : '');
  return {
    application: parseName(text('application')),
    environment: parseName(text('environment')),
    cloneUrl: text('cloneUrl'),
    branch: parseBranch(text('branch')),
    path: text('path'),
    namespace: parseName(text('namespace')),
    rolloutDeadlineMs: Number(raw['rolloutDeadlineMs']),
    ...(typeof raw['authorisation'] === 'string' ? { authorisation: raw['authorisation'] } : {}),
    ...parseControl(raw['canaryControl']),
  };
}

/** A word on a canary that cannot be read is none: nothing goes on by mistake. */
function parseControl(raw: unknown): Pick<EnvironmentPolicy, 'canaryControl'> {
  if (typeof raw !== 'object' || raw === null) return {};
  const { renderDigest, step, action, by, at } = raw as Readonly<Record<string, unknown>>;
  if (typeof step !== 'number' || typeof by !== 'string' || typeof at !== 'string') return {};
  if (typeof renderDigest !== 'string' || !isDigest(renderDigest)) return {};
  return action === 'resume' || action === 'abort' ? { canaryControl: { renderDigest, step, action, by, at } } : {};
}
