import type {
  boardView,
  changeEvent,
  environmentView,
  healthView,
  inboxView,
  rollbackPreviewView,
  runView,
  trailLink,
} from '@slipway/api';

// Types of `@slipway/api` that it does not name itself; its schemas stay out of the page.
export type HealthView = (typeof healthView)['_output'];
export type InboxView = (typeof inboxView)['_output'];
export type ChangeEvent = (typeof changeEvent)['_output'];
export type TrailLink = (typeof trailLink)['_output'];
export type Verification = (typeof environmentView)['_output']['verifications'][number];
export type Running = NonNullable<(typeof environmentView)['_output']['running']>;
export type Applications = readonly Pick<(typeof boardView)['_output'], 'application' | 'repository'>[];
export type RunPhase = (typeof runView)['_output']['phase'];
export type Conclusion = NonNullable<(typeof runView)['_output']['conclusion']>;
export type DeliveryPhase = Running['phase'];
export type RollbackPart = (typeof rollbackPreviewView)['_output']['part'];

/** One row of `GET /api/v1/changes`. */
export interface ChangeSummary {
  readonly id: string;
  readonly repository: string;
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly createdAt: string;
}

/** A gate that is not met, in the server's words. */
export interface UnmetGate {
  readonly gate: string;
  readonly message: string;
}
