import { z } from 'zod';

const signature = z.object({ name: z.string(), email: z.string() });
const phase = z.enum(['pending', 'waiting', 'running', 'finished']);
const conclusion = z.enum(['success', 'failure', 'neutral', 'skipped', 'cancelled', 'timed_out', 'action_required']);

/** One stage of a run. */
export const stageView = z.object({
  name: z.string(),
  kind: z.string(),
  requirement: z.enum(['required', 'advisory', 'off']),
  needs: z.array(z.string()),
  phase,
  conclusion: conclusion.optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  attempt: z.number().int(),
  /** Stage run whose result stands for this one. */
  hitOf: z.string().optional(),
  isolation: z.string().optional(),
  exitCode: z.number().int().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  /** Milliseconds; absent while it has not ended. */
  durationMs: z.number().optional(),
  facts: z.record(z.string(), z.unknown()),
});
export type StageView = z.infer<typeof stageView>;

/** One execution of a pipeline. */
export const runView = z.object({
  id: z.string(),
  repository: z.string(),
  pipeline: z.string(),
  commit: z.string(),
  change: z.string(),
  subject: z.string(),
  author: signature,
  trigger: z.object({
    kind: z.enum(['push', 'pull-request', 'checkout']),
    branch: z.string().optional(),
    number: z.number().optional(),
  }),
  trust: z.enum(['trusted', 'untrusted']),
  phase,
  conclusion: conclusion.optional(),
  createdAt: z.string(),
  finishedAt: z.string().optional(),
  durationMs: z.number().optional(),
  stages: z.array(stageView),
});
export type RunView = z.infer<typeof runView>;
export const runsView = z.array(runView);
