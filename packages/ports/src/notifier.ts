import type { ChannelKind, NotificationKind } from '@slipway/domain';
import type { Cancellable } from './git.ts';

/** One message for one address of a channel. */
export interface NotificationMessage {
  /** The same each time it is sent: what the receiver can know a repetition by. */
  readonly id: string;
  readonly kind: NotificationKind;
  /** Mail address; absent where the channel has one for all. */
  readonly to?: string;
  /** May hold what strangers wrote, line ends too: an adapter puts it into no header unchecked. */
  readonly subject: string;
  /** Plain text. */
  readonly body: string;
  /** Absolute address of what it is about, in the dashboard. */
  readonly url: string;
  readonly about: string;
  /** Account ids that it is for. */
  readonly recipients: readonly string[];
  readonly createdAt: string;
}

/** A way out of the house. */
export interface Notifier {
  readonly channel: ChannelKind;
  /** Host that messages go to, for people; never a credential. */
  readonly target: string;
  /**
   * Resolves once the receiver has taken the message.
   *
   * Repeatable with the same id as far as the channel allows: mail keeps its Message-ID and a webhook its `webhook-id`; chats know
   * no such thing.
   *
   * @throws {@link NotifyError} `NOTIFY_UNREACHABLE`, `NOTIFY_UNAUTHORISED` (of the channel); `NOTIFY_DEFERRED`, `NOTIFY_REFUSED`
   *   (of this message).
   */
  send(message: NotificationMessage, options?: Cancellable): Promise<void>;
  /** Lets go of its connections. */
  close(): Promise<void>;
}
