import type { Digest } from '../identity/digest.ts';
import type { DeliveryPhase } from '../phases.ts';
import type { EnvironmentDefinition } from '../environment/delivery.ts';
import type { Hold } from '../hold/hold.ts';
import { asSentence } from '../people/as-sentence.ts';
import type { WindowDecision } from '../window/decide-window.ts';

/** How a release does in the environment before. */
export interface UpstreamFacts {
  readonly environment: string;
  /** Release running there and healthy now; absent when none is. */
  readonly healthyRelease?: Digest;
  /** Verifications of that deployment, one for each that the delivery file names. */
  readonly verifications: readonly { readonly name: string; readonly phase: DeliveryPhase }[];
  /** Milliseconds since the last of them passed. */
  readonly soakedForMs: number;
}

/** Every fact a promotion depends on. */
export interface PromotionFacts {
  readonly environment: EnvironmentDefinition;
  readonly release: Digest;
  readonly upstream: UpstreamFacts;
  /** Images of the release without a digest. */
  readonly unpinned: readonly string[];
  /** Images from registries that the delivery file does not list. */
  readonly foreign: readonly string[];
  /** Accounts whose approval counts (see `decideApproval`), for the render to be applied. */
  readonly approvals: readonly string[];
  /** Holds that stand on the environment. */
  readonly holds: readonly Hold[];
  readonly window: WindowDecision;
}

export interface UnmetGate {
  /** PascalCase, stable. */
  readonly gate: string;
  /** One sentence: what is missing and who can act. */
  readonly message: string;
}

export type PromotionDecision =
  | { readonly kind: 'allowed' }
  /** `isWaiting`: nothing was refused, somebody or some time is waited for. */
  | { readonly kind: 'refused'; readonly unmet: readonly UnmetGate[]; readonly isWaiting: boolean };

/**
 * Decides whether a release may enter an environment.
 *
 * Pure: reads no clock and no store. Every unmet gate is named, in the order of the chain, never just the first.
 */
export function decidePromotion(facts: PromotionFacts): PromotionDecision {
  const { environment, upstream } = facts;
  const unmet: UnmetGate[] = [];
  const add = (gate: string, message: string): void => void unmet.push({ gate, message });
  if (facts.unpinned.length > 0) add('ImageUnpinned', `Not pinned by digest: ${facts.unpinned.join(', ')}.`);
  if (facts.foreign.length > 0) add('ImageNotAllowed', `Not from a listed registry: ${facts.foreign.join(', ')}.`);
  if (upstream.healthyRelease !== facts.release) {
    add('NotHealthyUpstream', `This release is not running healthy in environment ${upstream.environment}.`);
  }
  for (const verification of upstream.verifications) {
    if (verification.phase === 'succeeded') continue;
    add(
      'NotVerifiedUpstream',
      `Verification ${verification.name} in environment ${upstream.environment} ${say[verification.phase]}.`,
    );
  }
  if (upstream.soakedForMs < environment.soakMs) {
    const left = Math.ceil((environment.soakMs - upstream.soakedForMs) / 1000);
    add('Soaking', `It must stay verified in environment ${upstream.environment} for ${left} s more.`);
  }
  unmet.push(...entryGates(facts));
  if (facts.approvals.length < environment.approvals) {
    const missing = environment.approvals - facts.approvals.length;
    const people = missing === 1 ? 'one approval' : `${missing} approvals`;
    add(
      'WaitingForApproval',
      `Environment ${environment.name} waits for ${people} by somebody who may approve and did not make or promote this change.`,
    );
  }
  if (unmet.length === 0) return { kind: 'allowed' };
  return { kind: 'refused', unmet, isWaiting: unmet.every((one) => waits.has(one.gate)) };
}

const waits: ReadonlySet<string> = new Set(['Soaking', 'Held', 'WindowClosed', 'WaitingForApproval']);

/** What keeps new things out of an environment for now; rollbacks are not asked. */
export function entryGates(facts: {
  readonly environment: Pick<EnvironmentDefinition, 'name'>;
  readonly holds: readonly Hold[];
  readonly window: WindowDecision;
}): readonly UnmetGate[] {
  const { environment, holds, window } = facts;
  const held = holds.map((hold) => ({
    gate: 'Held',
    message: `Environment ${environment.name} is held by ${hold.placedBy}: ${asSentence(hold.reason)} Somebody with the role promoter lifts it.`,
  }));
  if (window.kind === 'open') return held;
  const until = window.until === undefined ? 'with no end in sight' : `until ${window.until}`;
  return [
    ...held,
    { gate: 'WindowClosed', message: `${window.reason}: environment ${environment.name} is closed ${until}.` },
  ];
}

const say: Readonly<Record<DeliveryPhase, string>> = {
  pending: 'has not run yet',
  running: 'is running',
  succeeded: 'has passed',
  failed: 'has failed',
  errored: 'could not run',
  aborted: 'was aborted',
};
