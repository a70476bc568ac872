import {
  decideNotification,
  decideRecipients,
  type Account,
  type Notification,
  type NotificationChannel,
  type NotificationDelivery,
  type Outcome,
} from '@slipway/domain';
import type { StoreTransaction } from './store.ts';

/** Name of the effect that has a channel send what waits; payload `channel`. */
export const notifyEffect = 'notify.send';

const mostAccounts = 100_000;

/**
 * Tells people, in the caller's transaction: inbox items, and what waits to leave by each channel that takes this kind.
 *
 * Both happen with the transition or not at all. The same notification again changes nothing. Nothing is sent here: the effect of
 * each channel finds what waits by itself.
 */
export async function notify(tx: StoreTransaction, notification: Notification): Promise<void> {
  const { id, audience, ...rest } = notification;
  if ((await tx.get('notification', id)) !== undefined) return;
  const accounts = (await tx.list('account', { limit: mostAccounts })).map((stored) => stored.value);
  const recipients = decideRecipients(audience, accounts);
  if (recipients.length === 0) return;
  const told = { id, ...rest, recipients: recipients.map((account) => account.id) };
  await tx.put('notification', id, told);
  const { kind, subject, body, link, createdAt } = rest;
  for (const account of recipients) {
    const item = `${id}/${account.id}`;
    await tx.put('inboxItem', item, { id: item, account: account.id, kind, subject, body, link, createdAt });
  }
  for (const { value: channel } of await tx.list('notificationChannel')) {
    if (!channel.isEnabled || !channel.kinds.includes(kind)) continue;
    const deliveries = deliveriesOf(notification, channel, recipients);
    for (const delivery of deliveries) await tx.put('notificationDelivery', delivery.id, delivery);
    if (deliveries.length === 0) continue;
    await tx.effect({ kind: notifyEffect, key: `notify/${id}/${channel.id}`, payload: { channel: channel.id } });
  }
}

/** What is told of an outcome, where it is told at all. */
export type OutcomeNotice = Pick<Notification, 'id' | 'body' | 'link' | 'about' | 'createdAt'> & {
  readonly subjects: { readonly failure: string; readonly recovery: string };
};

/**
 * Keeps how something ended, and tells of a failure, or of the first success after one; in the caller's transaction.
 *
 * To be called for every outcome, successes too. Safe to repeat: the notice's id names the outcome.
 */
export async function notifyOutcome(tx: StoreTransaction, outcome: Outcome, notice: OutcomeNotice): Promise<void> {
  const known = (await tx.lock('trouble', outcome.subject))?.value;
  const decision = decideNotification(known, outcome);
  await tx.put('trouble', outcome.subject, decision.next);
  if (decision.kind === undefined) return;
  const { subjects, ...rest } = notice;
  await notify(tx, {
    ...rest,
    kind: decision.kind,
    subject: subjects[decision.kind],
    audience: { kind: 'accounts', accounts: decision.recipients },
  });
}

/** A message for each mail address, or one for the channel. An account that has proved no address is told in its inbox only. */
function deliveriesOf(
  notification: Notification,
  channel: NotificationChannel,
  recipients: readonly Account[],
): readonly NotificationDelivery[] {
  const { id, createdAt } = notification;
  const base = {
    notification: id,
    channel: channel.id,
    phase: 'waiting',
    isOver: false,
    attempt: 0,
    createdAt,
  } as const;
  if (channel.id !== 'mail') return [{ ...base, id: `${id}/${channel.id}` }];
  return recipients.flatMap((account) => {
    const [address] = account.verifiedEmails;
    if (address === undefined) return [];
    return [{ ...base, id: `${id}/${channel.id}/${account.id}`, account: account.id, address }];
  });
}
