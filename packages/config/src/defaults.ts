/** What a file that says nothing gets. */
export const defaults = {
  stageTimeoutMs: 600_000,
  stageMaxOutputBytes: 16_777_216,
  coverage: { changed: 80, total: 0, ratchetTolerance: 0.1 },
  branch: 'main',
  target: 'local',
  verificationTimeoutMs: 300_000,
  /** 120 × 10 s, as the scripts this replaces wait. */
  rolloutDeadlineMs: 1_200_000,
  protectedApprovals: 1,
  metricWindowMs: 60_000,
  /** As Argo Rollouts has them. */
  metricLimits: { failure: 0, inconclusive: 0, consecutiveError: 4, consecutiveSuccess: 0 },
} as const;
