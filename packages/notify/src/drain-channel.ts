import {
  type AttemptOutcome,
  type ChannelKind,
  decideAttempt,
  decideNextAttempt,
  InvariantError,
  type NotificationDelivery,
} from '@slipway/domain';
import { type NotificationMessage, type Notifier, NotifyError, type Store } from '@slipway/ports';

/** What sending reaches outside with. */
export interface OutboxServices {
  readonly store: Store;
  readonly notifiers: readonly Notifier[];
  /** ISO 8601, UTC. */
  readonly now: () => string;
  /** In [0, 1). */
  readonly random: () => number;
  /** Address of the dashboard, without a slash at its end. */
  readonly publicUrl: string;
  /** A named place where a crash test may end the process; does nothing otherwise. */
  readonly checkpoint: (name: string) => Promise<void>;
  /** After so long an attempt whose end nobody told is begun again; longer than any attempt takes. @default 90000 */
  readonly claimMs?: number;
}

const mostWaiting = 1_000;

/**
 * Sends what waits in a channel until nothing may be sent now. Safe to repeat, and beside other replicas.
 *
 * Each attempt is claimed first and its end recorded after, in a transaction each. A crash in between repeats the message under the
 * same id: the one window in which a receiver may see it twice.
 *
 * @returns milliseconds until there may be more to do; absent when nothing waits.
 */
export async function drainChannel(
  services: OutboxServices,
  channel: ChannelKind,
  signal: AbortSignal,
): Promise<number | undefined> {
  const notifier = services.notifiers.find((one) => one.channel === channel);
  if (notifier === undefined) return undefined;
  while (!signal.aborted) {
    const claimed = await claimNext(services, channel);
    if (claimed.kind === 'idle') return undefined;
    if (claimed.kind === 'wait') return Math.max(0, Date.parse(claimed.at) - Date.parse(services.now()));
    await services.checkpoint('notification-claimed');
    const outcome = await attempt(notifier, claimed.message, signal);
    await services.checkpoint('notification-sent');
    await settle(services, claimed.delivery, outcome);
  }
  return undefined;
}

type Claim =
  | { readonly kind: 'send'; readonly delivery: NotificationDelivery; readonly message: NotificationMessage }
  | { readonly kind: 'wait'; readonly at: string }
  | { readonly kind: 'idle' };

async function claimNext(services: OutboxServices, channel: ChannelKind): Promise<Claim> {
  const { now, claimMs = 90_000 } = services;
  return services.store.transact(async (tx) => {
    const known = (await tx.lock('notificationChannel', channel))?.value;
    if (known === undefined || !known.isEnabled) return { kind: 'idle' };
    const match = { channel, isOver: false };
    const queue = (await tx.list('notificationDelivery', { match, limit: mostWaiting })).map((one) => one.value);
    const next = decideNextAttempt(known, queue, now());
    if (next.kind !== 'send') return next;
    const delivery: NotificationDelivery = {
      ...next.delivery,
      phase: 'sending',
      attempt: next.delivery.attempt + 1,
      claimedUntil: new Date(Date.parse(now()) + claimMs).toISOString(),
    };
    await tx.put('notificationDelivery', delivery.id, delivery);
    const told = (await tx.get('notification', delivery.notification))?.value;
    if (told === undefined) throw new InvariantError(`notification ${delivery.notification} does not exist`);
    const { kind, subject, body, link, about, recipients, createdAt } = told;
    const to = delivery.address === undefined ? {} : { to: delivery.address };
    const url = `${services.publicUrl}${link}`;
    return {
      kind: 'send',
      delivery,
      message: { id: delivery.id, kind, subject, body, about, recipients, createdAt, url, ...to },
    };
  });
}

/** `stopped`: we ended it ourselves, which says nothing about the channel. */
async function attempt(
  notifier: Notifier,
  message: NotificationMessage,
  signal: AbortSignal,
): Promise<AttemptOutcome | 'stopped'> {
  try {
    await notifier.send(message, { signal });
    return { kind: 'sent' };
  } catch (error) {
    if (signal.aborted) return 'stopped';
    if (!(error instanceof NotifyError)) throw error;
    const { retryAfterMs } = error.facts;
    const why = error.message.replace(error.next, '').trim();
    const pause = typeof retryAfterMs === 'number' ? { retryAfterMs } : {};
    return { kind: 'failed', scope: scopes[error.code], why, ...pause };
  }
}

const scopes = {
  NOTIFY_UNREACHABLE: 'channel',
  NOTIFY_UNAUTHORISED: 'channel',
  NOTIFY_DEFERRED: 'message',
  NOTIFY_REFUSED: 'never',
} as const satisfies Record<NotifyError['code'], string>;

async function settle(
  services: OutboxServices,
  claimed: NotificationDelivery,
  outcome: AttemptOutcome | 'stopped',
): Promise<void> {
  await services.store.transact(async (tx) => {
    const channel = (await tx.lock('notificationChannel', claimed.channel))?.value;
    const delivery = (await tx.lock('notificationDelivery', claimed.id))?.value;
    // Whoever was slower than its claim has lost it: the other's end counts.
    if (channel === undefined || delivery?.phase !== 'sending' || delivery.attempt !== claimed.attempt) return;
    if (outcome === 'stopped') {
      const { claimedUntil: _claim, ...rest } = delivery;
      await tx.put('notificationDelivery', delivery.id, { ...rest, phase: 'waiting' });
      return;
    }
    const decided = decideAttempt({ delivery, channel, outcome, now: services.now(), random: services.random() });
    await tx.put('notificationDelivery', delivery.id, decided.delivery);
    await tx.put('notificationChannel', channel.id, decided.channel);
  });
}
