import { z } from 'zod';

/** The one shape of every error: branch on `code`. */
export const problem = z.object({
  code: z.string(),
  /** What is wrong and what to do next. */
  message: z.string(),
  next: z.string().optional(),
  facts: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
export type Problem = z.infer<typeof problem>;

export const meView = z.object({ account: z.string(), displayName: z.string(), roles: z.array(z.string()) });
export type MeView = z.infer<typeof meView>;

export const repositoryView = z.object({
  name: z.string(),
  role: z.enum(['code', 'config', 'app-config']),
  defaultBranch: z.string(),
  head: z.string().optional(),
  cloneUrl: z.string(),
});
export type RepositoryView = z.infer<typeof repositoryView>;

export const repositoriesView = z.array(repositoryView);

/** A new repository of the built-in forge. */
export const createRepositoryBody = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  role: z.enum(['code', 'config', 'app-config']),
  /** Rules for the default branch; absent: pull requests only, with one approval. */
  protection: z
    .strictObject({
      requiresPullRequest: z.boolean(),
      requiredApprovals: z.number().int().min(0).max(10),
      requiredChecks: z.array(z.string().min(1).max(63)).max(20),
    })
    .optional(),
});

/** A new account of a person, or other roles and addresses for one that is there. */
export const createAccountBody = z.strictObject({
  id: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  displayName: z.string().min(1).max(200),
  roles: z.array(z.enum(['viewer', 'developer', 'reviewer', 'promoter', 'approver', 'admin'])).max(6),
  /** Addresses an admin vouches for: their commits are this person's. */
  verifiedEmails: z.array(z.email().max(200)).max(20).default([]),
});
export const accountView = z.object({
  id: z.string(),
  displayName: z.string(),
  roles: z.array(z.string()),
  verifiedEmails: z.array(z.string()),
});
export type AccountView = z.infer<typeof accountView>;

/** A token for somebody else's account. */
export const createAccountTokenBody = z.strictObject({ label: z.string().min(1).max(100) });

/** A token as it is made; its secret is shown this once. */
export const tokenView = z.object({ id: z.string(), secret: z.string() });

export const healthView = z.object({
  version: z.string(),
  startedAt: z.string(),
  isolation: z.object({ isolation: z.string(), because: z.string() }),
  operatorSeenAt: z.string().optional(),
});
export type HealthView = z.infer<typeof healthView>;

export const inboxView = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      subject: z.string(),
      body: z.string(),
      link: z.string(),
      createdAt: z.string(),
    }),
  ),
});

export const notificationChannelsView = z.object({
  channels: z.array(
    z.object({
      id: z.string(),
      /** Host that messages go to. */
      target: z.string(),
      kinds: z.array(z.string()),
      /** `off`: no longer configured. */
      state: z.enum(['working', 'failing', 'off']),
      failingSince: z.string().optional(),
      failures: z.number(),
      nextAttemptAt: z.string().optional(),
      lastError: z.string().optional(),
      lastSentAt: z.string().optional(),
      /** Messages on their way. */
      waiting: z.number(),
      oldestWaitingSince: z.string().optional(),
      givenUp: z.number(),
      /** Newest first, at most ten. */
      lastGivenUp: z.array(
        z.object({
          notification: z.string(),
          account: z.string().optional(),
          attempts: z.number(),
          why: z.string(),
          at: z.string().optional(),
        }),
      ),
    }),
  ),
});
export type NotificationChannelsView = z.infer<typeof notificationChannelsView>;

export const metricView = z.object({
  name: z.string(),
  at: z.string(),
  value: z.number(),
  unit: z.string(),
  labels: z.record(z.string(), z.string()),
});
export const metricsView = z.object({ points: z.array(metricView) });

/** One event of `GET /api/v1/events` (server-sent): something changed, read it again. */
export const changeEvent = z.object({ noun: z.string(), id: z.string() });

export const setImageBody = z.strictObject({
  id: z.string().min(1).max(300),
  branch: z.string(),
  folders: z.array(z.string()).max(50),
  files: z.array(z.string()).max(50),
  pins: z
    .array(z.strictObject({ name: z.string(), newName: z.string().optional(), newTag: z.string(), digest: z.string() }))
    .min(1)
    .max(50),
  author: z.object({ name: z.string().min(1).max(200), email: z.string().min(1).max(200) }),
});
export const setImageView = z.object({
  commit: z.string(),
  isChange: z.boolean(),
  isReplay: z.boolean(),
  paths: z.array(z.string()),
});
