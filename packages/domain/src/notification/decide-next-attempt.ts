import type { NotificationChannel, NotificationDelivery } from './notification.ts';

/** What a channel does next. */
export type NextAttempt =
  | { readonly kind: 'send'; readonly delivery: NotificationDelivery }
  /** Nothing may be sent before `at`. */
  | { readonly kind: 'wait'; readonly at: string }
  | { readonly kind: 'idle' };

/**
 * Chooses what a channel sends next.
 *
 * Order is kept for each recipient: a message is never sent before an older one to the same address has ended. While the channel
 * fails, one message at a time is tried, another one each time, so that one it cannot take does not hold up all.
 *
 * Pure.
 *
 * @param queue - all that wait or are being sent, oldest first.
 */
export function decideNextAttempt(
  channel: NotificationChannel,
  queue: readonly NotificationDelivery[],
  now: string,
): NextAttempt {
  if (queue.length === 0) return { kind: 'idle' };
  if (channel.nextAttemptAt !== undefined && channel.nextAttemptAt > now)
    return { kind: 'wait', at: channel.nextAttemptAt };
  const heads = queue.filter((one) => queue.find((other) => other.account === one.account) === one);
  const running = queue.flatMap((one) =>
    isRunning(one, now) && one.claimedUntil !== undefined ? [one.claimedUntil] : [],
  );
  if (channel.failures > 0 && running.length > 0) return { kind: 'wait', at: earliest(running) };
  const ready = heads.filter((one) => !isRunning(one, now) && (one.nextAttemptAt ?? '') <= now);
  const [next] = ready.sort(channel.failures > 0 ? byAttempt : byAge);
  if (next !== undefined) return { kind: 'send', delivery: next };
  return { kind: 'wait', at: earliest(heads.map((one) => one.claimedUntil ?? one.nextAttemptAt ?? now)) };
}

function isRunning(delivery: NotificationDelivery, now: string): boolean {
  return delivery.phase === 'sending' && (delivery.claimedUntil ?? '') > now;
}

function byAge(a: NotificationDelivery, b: NotificationDelivery): number {
  return a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt);
}

function byAttempt(a: NotificationDelivery, b: NotificationDelivery): number {
  return a.attempt - b.attempt || byAge(a, b);
}

function earliest(times: readonly string[]): string {
  return times.reduce((least, at) => (at < least ? at : least));
}
