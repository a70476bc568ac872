import { z } from 'zod';

export const unmetGate = z.object({ gate: z.string(), message: z.string() });

export const reviewView = z.object({
  account: z.string(),
  verdict: z.enum(['approved', 'changes-requested', 'commented']),
  body: z.string(),
  head: z.string(),
  createdAt: z.string(),
  /** Whether it counts for the head as it is now, and why not. */
  counts: z.boolean(),
  /** Present when it also approves the change of policy. */
  approvesPolicy: z.boolean().optional(),
  reason: z.string().optional(),
});

export const pullRequestSummary = z.object({
  repository: z.string(),
  number: z.number().int(),
  title: z.string(),
  author: z.string(),
  source: z.string(),
  target: z.string(),
  state: z.enum(['open', 'merged', 'closed']),
  promotion: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type PullRequestSummary = z.infer<typeof pullRequestSummary>;
export const pullRequestsView = z.array(pullRequestSummary);

/** A pull request with all a reviewer needs; `canMerge` and `canApprove` say what the asking account may do, and why not. */
export const pullRequestView = pullRequestSummary.extend({
  body: z.string(),
  head: z.string(),
  base: z.string(),
  mergeCommit: z.string().optional(),
  mergedCommit: z.string().optional(),
  mergedBy: z.string().optional(),
  conflicts: z.array(z.string()),
  /** Unified diff of the merge result against the target. */
  diff: z.string(),
  /** Unified diff of what each environment renders to, for config repositories; absent elsewhere. */
  renderedDiff: z
    .array(z.object({ environment: z.string(), diff: z.string(), fault: z.string().optional() }))
    .optional(),
  checks: z.array(
    z.object({
      pipeline: z.string(),
      run: z.string().optional(),
      isRequired: z.boolean(),
      phase: z.string(),
      conclusion: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
  /** What it would take from the gates of its target, one sentence each; absent when nothing. An approver or admin approves that too. */
  policyChanges: z.array(z.string()).optional(),
  reviews: z.array(reviewView),
  comments: z.array(
    z.object({
      account: z.string(),
      path: z.string(),
      line: z.number().int(),
      body: z.string(),
      createdAt: z.string(),
    }),
  ),
  canMerge: z.object({ isAllowed: z.boolean(), unmet: z.array(unmetGate) }),
  canApprove: z.object({ isAllowed: z.boolean(), reason: z.string().optional() }),
});
export type PullRequestView = z.infer<typeof pullRequestView>;

export const openPullRequestBody = z.strictObject({
  title: z.string().min(1).max(300),
  body: z.string().max(20_000).optional(),
  source: z.string().min(1).max(250),
  target: z.string().min(1).max(250).optional(),
});
export const reviewBody = z.strictObject({
  verdict: z.enum(['approved', 'changes-requested', 'commented']),
  body: z.string().max(20_000).optional(),
  /** Head that was looked at: a review of another head is refused. */
  head: z.string().regex(/^[0-9a-f]{40}$/),
});
export const commentBody = z.strictObject({
  path: z.string().min(1).max(1_000),
  line: z.number().int().min(1),
  body: z.string().min(1).max(20_000),
});
