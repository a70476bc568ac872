import { z } from 'zod';
import { unmetGate } from './review-schemas.ts';

/** Whether the asking account may do a thing, and why not. */
export const permissionView = z.object({ isAllowed: z.boolean(), reason: z.string().optional() });

/** A promotion or rollback that waits for a person. */
export const waitingApproval = z.object({
  /** Id of the promotion. */
  promotion: z.string(),
  kind: z.enum(['promotion', 'rollback']),
  /** `approval`: before it goes in, in its pull request. `review`: it went in past its approvals. */
  waitsFor: z.enum(['approval', 'review']),
  application: z.string(),
  environment: z.string(),
  release: z.string(),
  title: z.string(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  reason: z.string().optional(),
  pullRequest: z.object({ repository: z.string(), number: z.number().int() }).optional(),
  /** Accounts whose approvals count already. */
  approvals: z.array(z.string()),
  /** What else it waits for, in the server's words. */
  unmet: z.array(unmetGate),
  /** Of a review: until when it is due. */
  reviewUntil: z.string().optional(),
  isOverdue: z.boolean(),
  canApprove: permissionView,
});
export type WaitingApproval = z.infer<typeof waitingApproval>;

/** What waits for a second person; overdue reviews first, then reviews, then the newest. */
export const approvalsView = z.object({ items: z.array(waitingApproval) });
export type ApprovalsView = z.infer<typeof approvalsView>;
