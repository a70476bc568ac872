import type { IntOrPercent, RolloutStrategy } from '../objects/workload.ts';

/** One revision of a Deployment as observed. Counts leave out pods that are ending. */
export interface RevisionFacts {
  readonly hash: string;
  /** Pods it was told to have. */
  readonly replicas: number;
  readonly live: number;
  readonly available: number;
}

export interface RolloutFacts {
  readonly replicas: number;
  readonly strategy: RolloutStrategy;
  readonly wanted: RevisionFacts;
  /** Oldest first. */
  readonly older: readonly RevisionFacts[];
  /** Pods of older revisions that are ending but still there. */
  readonly olderEnding: number;
}

/**
 * The number of pods every revision should have next, by its hash.
 *
 * Pure, and the arithmetic of Kubernetes' deployment controller (`rolling.go`, `recreate.go`): never more than
 * replicas + maxSurge pods, never fewer available than replicas − maxUnavailable by our own doing. Repeating it with fresh facts ends
 * at the wanted revision alone.
 */
export function planRollout(facts: RolloutFacts): ReadonlyMap<string, number> {
  return facts.strategy.type === 'Recreate' ? planRecreate(facts) : planRolling(facts);
}

function planRecreate(facts: RolloutFacts): ReadonlyMap<string, number> {
  const plan = new Map(facts.older.map((revision) => [revision.hash, 0]));
  const isOldGone = facts.olderEnding === 0 && facts.older.every((revision) => revision.live === 0);
  return plan.set(facts.wanted.hash, isOldGone ? facts.replicas : facts.wanted.replicas);
}

function planRolling(facts: RolloutFacts): ReadonlyMap<string, number> {
  const { surge, unavailable } = resolveBounds(facts.replicas, facts.strategy);
  const plan = new Map([...facts.older, facts.wanted].map((revision) => [revision.hash, revision.replicas]));
  const total = sum([...plan.values()]);
  const wanted = facts.wanted.replicas;
  if (wanted > facts.replicas) plan.set(facts.wanted.hash, facts.replicas);
  if (wanted < facts.replicas) {
    const room = Math.max(0, facts.replicas + surge - total);
    plan.set(facts.wanted.hash, wanted + Math.min(room, facts.replicas - wanted));
  }
  const scaled = { ...facts, wanted: { ...facts.wanted, replicas: plan.get(facts.wanted.hash) ?? wanted } };
  for (const [hash, replicas] of scaleDownOlder(scaled, facts.replicas - unavailable)) plan.set(hash, replicas);
  return plan;
}

function scaleDownOlder(facts: RolloutFacts, minAvailable: number): ReadonlyMap<string, number> {
  const older = new Map(facts.older.map((revision) => [revision.hash, revision.replicas]));
  const total = sum([...older.values()]) + facts.wanted.replicas;
  const wantedUnavailable = Math.max(0, facts.wanted.replicas - facts.wanted.available);
  let budget = Math.max(0, total - minAvailable - wantedUnavailable);
  for (const revision of facts.older) {
    // Pods that serve nobody go first.
    const broken = Math.min(budget, Math.max(0, revision.replicas - revision.available));
    older.set(revision.hash, revision.replicas - broken);
    budget -= broken;
  }
  const available = sum(facts.older.map((revision) => revision.available)) + facts.wanted.available;
  let spare = Math.max(0, available - minAvailable);
  for (const revision of facts.older) {
    const left = older.get(revision.hash) ?? 0;
    const removed = Math.min(left, spare);
    older.set(revision.hash, left - removed);
    spare -= removed;
  }
  return older;
}

/** Counts for the percentages: surge rounds up, unavailability down, and both at 0 means one unavailable. */
export function resolveBounds(
  replicas: number,
  strategy: RolloutStrategy,
): { readonly surge: number; readonly unavailable: number } {
  const surge = resolve(strategy.maxSurge, replicas, Math.ceil);
  const unavailable = Math.min(replicas, resolve(strategy.maxUnavailable, replicas, Math.floor));
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function resolve(value: IntOrPercent, replicas: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * replicas) / 100);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
