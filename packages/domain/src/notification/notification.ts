import type { ApprovalFacts } from '../promotion/decide-approval.ts';
import type { Role } from '../people/people.ts';

/** What people are told of; success is not among them. */
export const notificationKinds = ['failure', 'recovery', 'waiting'] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** Who a notification is for, before it is known who that is today. */
export type Audience =
  /** By id; ids that are no account of a person, such as `policy`, are left out. */
  | { readonly kind: 'accounts'; readonly accounts: readonly string[] }
  /** Everybody who holds the role. */
  | { readonly kind: 'role'; readonly role: Role }
  /** Everybody who holds the role that approving needs and whose approval would count; see `decideRecipients`. */
  | { readonly kind: 'approvers'; readonly rule: Omit<ApprovalFacts, 'approver'> };

/** Word to people: of a failure, of its recovery, or that something waits for them. */
export interface Notification {
  /** The same id is told once, for ever. */
  readonly id: string;
  readonly kind: NotificationKind;
  readonly audience: Audience;
  /** One line. */
  readonly subject: string;
  /** Plain text, lines ended by LF. */
  readonly body: string;
  /** Path in the dashboard, from its root. */
  readonly link: string;
  /** What it is about: a noun and an id, such as `run/…`, `promotion/…`, `pull-request/…`. */
  readonly about: string;
  readonly createdAt: string;
}

/** A notification that was told, with the people it was for then. */
export interface ToldNotification extends Omit<Notification, 'audience'> {
  /** Account ids. */
  readonly recipients: readonly string[];
}

/** Ways out of the house; the inbox is always there and is none of them. */
export const channelKinds = ['mail', 'webhook', 'slack', 'teams'] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** A configured channel and how it does. Its id is its kind. */
export interface NotificationChannel {
  readonly id: ChannelKind;
  /** Host that messages go to, for people; never a credential. */
  readonly target: string;
  /** What is sent there. */
  readonly kinds: readonly NotificationKind[];
  /** False once it is no longer configured: what waits there stays, nothing new is added. */
  readonly isEnabled: boolean;
  /** Attempts that failed one after another for a reason of the channel, not of one message. */
  readonly failures: number;
  /** Since when nothing gets through; absent while it works. */
  readonly failingSince?: string;
  /** One message is tried then, all others wait; absent while it works. */
  readonly nextAttemptAt?: string;
  /** Kept after a success, until the next failure. */
  readonly lastError?: string;
  readonly lastSentAt?: string;
}

/** `waiting` → `sending` → `sent`, or `given-up`. */
export const notificationDeliveryPhases = ['waiting', 'sending', 'sent', 'given-up'] as const;
export type NotificationDeliveryPhase = (typeof notificationDeliveryPhases)[number];

/** One notification on its way to one address of one channel. Its id is `notification/channel/account`; the key that makes sending repeatable. */
export interface NotificationDelivery {
  readonly id: string;
  readonly notification: string;
  readonly channel: ChannelKind;
  /** Whose address it goes to; absent where the channel has one address for all. */
  readonly account?: string;
  /** Mail address; absent where the channel has one address for all. */
  readonly address?: string;
  readonly phase: NotificationDeliveryPhase;
  /** Sent or given up. */
  readonly isOver: boolean;
  /** Attempts begun. */
  readonly attempt: number;
  /** Not before; absent: at once. */
  readonly nextAttemptAt?: string;
  /** While `sending`: who does not tell the end of the attempt by then has died, and it is begun again. */
  readonly claimedUntil?: string;
  readonly lastError?: string;
  readonly createdAt: string;
  readonly finishedAt?: string;
}

/** How the last outcome of something was: what a recovery is a recovery of. Its id is the subject's, such as `pipeline/guestbook/ci/main`. */
export interface Trouble {
  readonly id: string;
  readonly isOpen: boolean;
  /** Orders outcomes: one that is older than the newest known changes nothing. Compared as text. */
  readonly order: string;
  /** Accounts that were told of the failure; they are told of the recovery too. */
  readonly told: readonly string[];
}
