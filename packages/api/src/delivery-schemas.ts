import { z } from 'zod';
import { permissionView } from './approval-schemas.ts';
import { holdView } from './release-schemas.ts';
import { canaryControl, canaryReport } from './canary-schemas.ts';
import { unmetGate } from './review-schemas.ts';

const deliveryPhase = z.enum(['pending', 'running', 'succeeded', 'failed', 'errored', 'aborted']);

export const verificationView = z.object({
  id: z.string(),
  name: z.string(),
  phase: deliveryPhase,
  message: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
});

/** One column of the environments board. */
export const environmentView = z.object({
  application: z.string(),
  environment: z.string(),
  class: z.enum(['open', 'protected']),
  order: z.number().int(),
  /** Where its objects are, and the target that holds them. */
  namespace: z.string(),
  target: z.string(),
  /** What runs there now, or is coming. */
  running: z
    .object({
      revision: z.string(),
      release: z.string(),
      renderDigest: z.string(),
      phase: deliveryPhase,
      reason: z.string(),
      message: z.string(),
      healthySince: z.string().optional(),
      canary: canaryReport.exactOptional(),
      images: z.array(z.object({ name: z.string(), tag: z.string(), digest: z.string() })),
      changes: z.array(z.object({ id: z.string(), subject: z.string(), author: z.string() })),
    })
    .optional(),
  verifications: z.array(verificationView),
  /** What the branch says and may not be applied yet. */
  pending: z
    .object({ since: z.string(), revision: z.string(), renderDigest: z.string(), reason: z.string() })
    .optional(),
  fault: z.string().optional(),
  /** Open promotion into this environment. */
  promotion: z
    .object({
      id: z.string(),
      release: z.string(),
      phase: deliveryPhase,
      message: z.string(),
      requestedBy: z.string(),
      pullRequest: z.number().optional(),
      kind: z.enum(['promotion', 'rollback']),
    })
    .optional(),
  /** Holds that stand on it. */
  holds: z.array(holdView),
  /** Set while its windows or a freeze keep promotions out; `until` is when they open. */
  closed: z.object({ reason: z.string(), until: z.string().optional() }).optional(),
  /** What went in past its approvals and was not looked at yet. */
  breakGlass: z
    .object({ promotion: z.string(), by: z.string(), reviewUntil: z.string(), isOverdue: z.boolean() })
    .optional(),
  /** The one sentence that says why the newest release is not here yet; absent when it is. */
  why: z.string().optional(),
  /** What the asking account may do here. */
  canPromote: z.object({ isAllowed: z.boolean(), unmet: z.array(unmetGate) }),
  /** Whether it may hold the environment, lift its holds, freeze it and ask for a rollback. */
  canHold: permissionView,
  /** Loopback addresses of Services, for people who look at what runs. */
  services: z.array(z.object({ name: z.string(), url: z.string() })),
  updatedAt: z.string(),
});
export type EnvironmentView = z.infer<typeof environmentView>;

export const boardView = z.object({
  application: z.string(),
  repository: z.string(),
  environments: z.array(environmentView),
});
export type BoardView = z.infer<typeof boardView>;

export const applicationsView = z.array(z.object({ application: z.string(), repository: z.string() }));

/** Why a change is not in an environment, and who can act. */
export const whyView = z.object({
  change: z.string(),
  application: z.string(),
  environment: z.string(),
  isThere: z.boolean(),
  reason: z.string(),
  message: z.string(),
  /** Accounts or roles that can act now; empty when nobody needs to. */
  actors: z.array(z.string()),
});
export type WhyView = z.infer<typeof whyView>;

/** One link of a change's trail, in the order of the chain. */
export const trailLink = z.object({
  statement: z.string(),
  kind: z.string(),
  title: z.string(),
  at: z.string(),
  digest: z.string(),
  /** Place in the signed log; absent until sequenced. */
  index: z.number().int().optional(),
  predicate: z.record(z.string(), z.unknown()),
});
export const trailView = z.object({
  change: z.string(),
  repository: z.string(),
  commit: z.string(),
  subject: z.string(),
  author: z.string(),
  links: z.array(trailLink),
});
export type TrailView = z.infer<typeof trailView>;

export const promoteBody = z.strictObject({
  release: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
  reason: z.string().max(2_000).optional(),
});
export const promotionView = z.object({
  id: z.string(),
  kind: z.enum(['promotion', 'rollback']),
  application: z.string(),
  environment: z.string(),
  release: z.string(),
  phase: deliveryPhase,
  message: z.string(),
  requestedBy: z.string(),
  approvals: z.array(z.string()),
  pullRequest: z.number().optional(),
  commit: z.string().optional(),
  /** It went in past its approvals: a second person looks at it until then. */
  reviewUntil: z.string().optional(),
});
export type PromotionView = z.infer<typeof promotionView>;

/** What the operator needs to know of one environment. */
export const operatorPolicy = z.object({
  application: z.string(),
  environment: z.string(),
  repository: z.string(),
  cloneUrl: z.string(),
  branch: z.string(),
  path: z.string(),
  namespace: z.string(),
  target: z.string(),
  rolloutDeadlineMs: z.number(),
  /** Signed envelope (DSSE, JSON text) of the authorisation; absent while nothing may be applied. */
  authorisation: z.string().optional(),
  canaryControl: canaryControl.exactOptional(),
});
export type OperatorPolicy = z.infer<typeof operatorPolicy>;

/**
 * The payload of a signed report. Fields that a newer operator adds are left out, not refused: an older server takes what it knows.
 */
export const deploymentReport = z.object({
  application: z.string(),
  environment: z.string(),
  revision: z.string(),
  renderDigest: z.string(),
  phase: deliveryPhase,
  reason: z.string().max(200),
  message: z.string().max(4_000),
  inventory: z.array(z.string()).max(5_000),
  written: z.number().int().min(0),
  startedAt: z.string(),
  observed: z.unknown(),
  canary: canaryReport.exactOptional(),
});

/** A report as it travels: DSSE envelope (JSON text) over a {@link deploymentReport}, signed with the operator's key. */
export const signedReportBody = z.strictObject({ envelope: z.string().min(1).max(4_000_000) });

/** An operator says which key it signs with; SPKI PEM. */
export const enrolOperatorBody = z.strictObject({ publicKey: z.string().min(1).max(2_000) });
export const enrolmentView = z.object({
  account: z.string(),
  /** Fingerprint of the enrolled key. */
  keyId: z.string(),
  /** SPKI PEM of the server's own key: what authorisations are signed with. */
  serverKey: z.string(),
});
export type EnrolmentView = z.infer<typeof enrolmentView>;

/** A service account for an operator; one that is there gets another token, and the one before ends. */
export const addOperatorBody = z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/) });
export const addedOperatorView = z.object({ account: z.string(), secret: z.string() });
