import { z } from 'zod';
import { permissionView } from './approval-schemas.ts';
import { unmetGate } from './review-schemas.ts';

/** What keeps everything but rollbacks out of an environment. */
export const holdView = z.object({
  id: z.string(),
  application: z.string(),
  environment: z.string(),
  cause: z.enum(['person', 'abort', 'rollback']),
  reason: z.string(),
  placedBy: z.string(),
  placedAt: z.string(),
  about: z.string().optional(),
  liftedBy: z.string().optional(),
  liftedAt: z.string().optional(),
});
export type HoldView = z.infer<typeof holdView>;
export const holdsView = z.array(holdView);
export const holdBody = z.strictObject({ reason: z.string().min(1).max(2_000) });

export const freezeView = z.object({
  id: z.string(),
  application: z.string().optional(),
  environment: z.string().optional(),
  from: z.string(),
  to: z.string(),
  reason: z.string(),
  placedBy: z.string(),
  placedAt: z.string(),
  endedBy: z.string().optional(),
  endedAt: z.string().optional(),
  /** Whether the asking account may end it; in the list only. */
  canEnd: permissionView.optional(),
});
export type FreezeView = z.infer<typeof freezeView>;
export const freezesView = z.array(freezeView);
export const freezeBody = z.strictObject({
  application: z.string().max(63).optional(),
  environment: z.string().max(63).optional(),
  /** ISO 8601; default now. */
  from: z.string().max(40).optional(),
  to: z.string().max(40),
  reason: z.string().min(1).max(2_000),
});

/** A deployment of an environment, and whether it could be gone back to. */
export const releaseView = z.object({
  deployment: z.string(),
  release: z.string(),
  revision: z.string(),
  phase: z.enum(['pending', 'running', 'succeeded', 'failed', 'errored', 'aborted']),
  message: z.string(),
  finishedAt: z.string().optional(),
  isCurrent: z.boolean(),
  wasRolledBack: z.boolean(),
  failedVerifications: z.array(z.string()),
  /** Images that the registry no longer has: it could not be brought back. */
  missingImages: z.array(z.string()),
  images: z.array(z.object({ name: z.string(), tag: z.string(), digest: z.string() })),
  changes: z.array(z.object({ id: z.string(), subject: z.string(), author: z.string() })),
});
export type ReleaseView = z.infer<typeof releaseView>;
export const releasesView = z.array(releaseView);

export const rollbackPart = z.enum(['manifests', 'app-config', 'both']);
export const rollbackQuery = z.object({ to: z.string().max(300).optional(), part: rollbackPart.optional() });
export const rollbackBody = z.strictObject({
  to: z.string().max(300).optional(),
  part: rollbackPart.optional(),
  reason: z.string().min(1).max(2_000),
  emergency: z.boolean().default(false),
});

/** What a rollback would do. */
export const rollbackPreviewView = z.object({
  application: z.string(),
  environment: z.string(),
  isAllowed: z.boolean(),
  unmet: z.array(unmetGate),
  part: rollbackPart,
  target: releaseView.optional(),
  /** Newest first. */
  reverts: z.array(z.object({ commit: z.string(), subject: z.string(), author: z.string() })),
  method: z.enum(['revert', 'pin']).optional(),
  paths: z.array(z.string()),
  /** False: what comes of it never ran there in this combination. */
  isProven: z.boolean(),
  renderedDiff: z.string(),
});
export type RollbackPreviewView = z.infer<typeof rollbackPreviewView>;

/** What a promotion would bring. */
export const promotionPreviewView = z.object({
  application: z.string(),
  environment: z.string(),
  release: z.string().optional(),
  unmet: z.array(unmetGate),
  renderedDiff: z.string(),
});
export type PromotionPreviewView = z.infer<typeof promotionPreviewView>;

/** The record of a promotion to a protected environment. */
export const ticketSummary = z.object({
  id: z.string(),
  number: z.number().int(),
  application: z.string(),
  environment: z.string(),
  kind: z.enum(['promotion', 'rollback']),
  title: z.string(),
  release: z.string(),
  fromRelease: z.string().optional(),
  openedBy: z.string(),
  openedAt: z.string(),
  reason: z.string().optional(),
  pullRequest: z.number().int().optional(),
  approvals: z.array(z.string()),
  outcome: z.enum(['succeeded', 'failed', 'errored', 'aborted', 'rejected', 'superseded']).optional(),
  message: z.string(),
  closedAt: z.string().optional(),
});
export type TicketSummary = z.infer<typeof ticketSummary>;
export const ticketsView = z.array(ticketSummary);
export const ticketView = ticketSummary.extend({
  repository: z.string(),
  commits: z.array(z.object({ repository: z.string(), commit: z.string(), subject: z.string(), author: z.string() })),
  manifestDiff: z.string(),
  configDiff: z.string(),
  rollbackTo: z.object({ deployment: z.string(), release: z.string(), command: z.string() }).optional(),
  deployment: z
    .object({
      id: z.string(),
      phase: z.enum(['pending', 'running', 'succeeded', 'failed', 'errored', 'aborted']),
      message: z.string(),
      startedAt: z.string(),
      finishedAt: z.string().optional(),
      /** Progress and measurements of its canary, where there was one. */
      canary: z.unknown(),
    })
    .optional(),
  verifications: z.array(z.object({ name: z.string(), phase: z.string(), message: z.string() })),
  breakGlass: z
    .object({
      by: z.string(),
      at: z.string(),
      reviewUntil: z.string(),
      reviewedBy: z.string().optional(),
      reviewedAt: z.string().optional(),
    })
    .optional(),
});
export type TicketView = z.infer<typeof ticketView>;
