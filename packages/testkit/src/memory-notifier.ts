import type { ChannelKind } from '@slipway/domain';
import { type NotificationMessage, type Notifier, NotifyError } from '@slipway/ports';

/** A notifier that keeps what it is given, or fails as a test says. */
export class MemoryNotifier implements Notifier {
  readonly channel: ChannelKind;
  readonly target = 'memory';
  /** Code of the error that each attempt ends with; absent: it takes the message. */
  fails: NotifyError['code'] | undefined;
  /** Everything that was taken, repetitions too, one line a subject. */
  readonly taken: NotificationMessage[] = [];
  /** Ids of everything that was tried. */
  readonly tried: string[] = [];

  constructor(channel: ChannelKind = 'mail') {
    this.channel = channel;
  }

  send(message: NotificationMessage, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (options.signal?.aborted === true)
      return Promise.reject(new NotifyError('NOTIFY_UNREACHABLE', 'The attempt was ended'));
    this.tried.push(message.id);
    if (this.fails !== undefined) return Promise.reject(new NotifyError(this.fails, 'A test says so'));
    this.taken.push({ ...message, subject: message.subject.replace(/\p{Cc}+|\u2028/gu, ' ') });
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
