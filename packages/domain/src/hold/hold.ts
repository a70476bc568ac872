import type { Name } from '../identity/names.ts';

/** What placed a hold: a person, an aborted canary, or a rollback. */
export const holdCauses = ['person', 'abort', 'rollback'] as const;
export type HoldCause = (typeof holdCauses)[number];

/**
 * Keeps everything but rollbacks out of one environment until a person lifts it. Its id is `application/environment/key`.
 *
 * @see delivery.md §5, "Kargo": without a hold, automation rolls forward again what a person took back.
 */
export interface Hold {
  readonly id: string;
  readonly application: Name;
  readonly environment: Name;
  readonly cause: HoldCause;
  readonly reason: string;
  /** Account; `policy` for automation. */
  readonly placedBy: string;
  readonly placedAt: string;
  /** Promotion or deployment that it came from; absent for a person's. */
  readonly about?: string;
  readonly liftedBy?: string;
  readonly liftedAt?: string;
}

/** Holds that stand, oldest first. */
export function standingHolds(holds: readonly Hold[]): readonly Hold[] {
  return holds.filter((hold) => hold.liftedAt === undefined);
}
