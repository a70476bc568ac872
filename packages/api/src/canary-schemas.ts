import { canaryPhases, measurementVerdicts, metricPhases } from '@slipway/domain';
import { z } from 'zod';

const totals = z.strictObject({ total: z.number().int().min(0), failed: z.number().int().min(0) });

/** A canary as the operator last reported it. */
export const canaryReport = z.strictObject({
  phase: z.enum(canaryPhases),
  /** From 0; equals `steps` when all are done. */
  step: z.number().int().min(0),
  steps: z.number().int().min(0),
  /** Percent of the requests that it is to get, and that it really gets. */
  weight: z.number().min(0).max(100),
  realShare: z.number().min(0).max(100),
  metrics: z
    .array(
      z.strictObject({
        name: z.string().max(63),
        run: z.string().max(63),
        phase: z.enum(metricPhases),
        isDryRun: z.boolean(),
        value: z.number().exactOptional(),
        baseline: z.number().exactOptional(),
        limit: z.string().max(200).exactOptional(),
        count: z.number().int().min(0),
        last: z.enum(measurementVerdicts).exactOptional(),
      }),
    )
    .max(500),
  startedAt: z.string(),
  message: z.string().max(4_000),
  requests: totals.exactOptional(),
  requestsSinceAbort: totals.exactOptional(),
});
export type CanaryView = z.infer<typeof canaryReport>;

export const canaryBody = z.strictObject({ action: z.enum(['resume', 'abort']) });

/** A person's word on a canary, as the operator gets it. */
export const canaryControl = z.object({
  renderDigest: z.string(),
  step: z.number().int(),
  action: z.enum(['resume', 'abort']),
  by: z.string(),
  at: z.string(),
});
