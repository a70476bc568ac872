/** Phases of runs, stages and checks; a conclusion stands only with `finished`. */
export const runPhases = ['pending', 'waiting', 'running', 'finished'] as const;
export type RunPhase = (typeof runPhases)[number];

/** How a run, stage or check ended. `skipped` always names the rule that decided it. */
export const conclusions = [
  'success',
  'failure',
  'neutral',
  'skipped',
  'cancelled',
  'timed_out',
  'action_required',
] as const;
export type Conclusion = (typeof conclusions)[number];

/** Phases of promotions and deployments. `failed`: the work said no; `errored`: we could not do the work. */
export const deliveryPhases = ['pending', 'running', 'succeeded', 'failed', 'errored', 'aborted'] as const;
export type DeliveryPhase = (typeof deliveryPhases)[number];
export const isFinal: Readonly<Record<DeliveryPhase, boolean>> = {
  pending: false,
  running: false,
  succeeded: true,
  failed: true,
  errored: true,
  aborted: true,
};
