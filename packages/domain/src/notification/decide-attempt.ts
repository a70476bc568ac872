import type { NotificationChannel, NotificationDelivery } from './notification.ts';

/** How an attempt to send ended. `channel`: nothing gets through; `message`: this one does not, now; `never`: it never will. */
export type AttemptOutcome =
  | { readonly kind: 'sent' }
  | {
      readonly kind: 'failed';
      readonly scope: 'channel' | 'message' | 'never';
      /** For people; no credential. */
      readonly why: string;
      /** The receiver asked to be left alone so long. */
      readonly retryAfterMs?: number;
    };

/** What is kept after an attempt. */
export interface AttemptDecision {
  readonly delivery: NotificationDelivery;
  readonly channel: NotificationChannel;
}

const firstPauseMs = 2_000;
const longestPauseMs = 600_000;
/** Refusals of one message for now, until it is given up: about three hours. */
const mostAttempts = 25;
/** A message that is older is given up: a channel that is dead over a weekend loses nothing. */
const longestWaitMs = 72 * 3_600_000;
/** What a receiver may ask for at most. */
const longestAskedMs = 3_600_000;

/**
 * Decides what an attempt comes to: done, tried again after a growing pause, or given up.
 *
 * Pure.
 *
 * @param facts - records as they are now; `random` in [0, 1) spreads the pauses.
 */
export function decideAttempt(facts: {
  readonly delivery: NotificationDelivery;
  readonly channel: NotificationChannel;
  readonly outcome: AttemptOutcome;
  readonly now: string;
  readonly random: number;
}): AttemptDecision {
  const { outcome, now, random } = facts;
  const { claimedUntil: _claim, nextAttemptAt: _due, ...delivery } = facts.delivery;
  const { failingSince, nextAttemptAt, ...channel } = facts.channel;
  if (outcome.kind === 'sent') {
    return {
      delivery: { ...delivery, phase: 'sent', isOver: true, finishedAt: now },
      channel: { ...channel, failures: 0, lastSentAt: now },
    };
  }
  const later = (failures: number): string =>
    new Date(Date.parse(now) + pauseMs(failures, outcome, random)).toISOString();
  const isOfChannel = outcome.scope === 'channel';
  const isOver =
    outcome.scope === 'never' ||
    (outcome.scope === 'message' && delivery.attempt >= mostAttempts) ||
    Date.parse(now) - Date.parse(delivery.createdAt) >= longestWaitMs;
  const lastError = outcome.why;
  return {
    delivery: isOver
      ? { ...delivery, phase: 'given-up', isOver: true, lastError, finishedAt: now }
      : {
          ...delivery,
          phase: 'waiting',
          lastError,
          // A dead channel has a pause of its own.
          ...(isOfChannel ? {} : { nextAttemptAt: later(delivery.attempt) }),
        },
    channel: isOfChannel
      ? {
          ...channel,
          failures: channel.failures + 1,
          failingSince: failingSince ?? now,
          nextAttemptAt: later(channel.failures + 1),
          lastError,
        }
      : // It answered, so it works.
        { ...channel, failures: 0 },
  };
}

function pauseMs(failures: number, outcome: { readonly retryAfterMs?: number }, random: number): number {
  const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 20));
  const asked = Math.min(longestAskedMs, outcome.retryAfterMs ?? 0);
  return Math.max(asked, Math.round(ceiling * (0.5 + random / 2)));
}
