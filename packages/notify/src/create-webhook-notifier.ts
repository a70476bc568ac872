import { createHmac } from 'node:crypto';
import type { NotificationMessage, Notifier } from '@slipway/ports';
import { messageKey } from './message-key.ts';
import { bodyOf, subjectOf } from './message-text.ts';
import { postJson } from './post-json.ts';

export interface WebhookOptions {
  readonly url: URL;
  /** Signs what is sent: `whsec_` and base64, as in Standard Webhooks, or any text. */
  readonly secret: string;
  /** Who says it: the CloudEvents source, the address of this installation. */
  readonly source: string;
  /** Unix time in seconds; a fraction is left out. */
  readonly clock: () => number;
  /** @default 15000 */
  readonly timeoutMs?: number;
}

/**
 * Notifications as CloudEvents in structured mode, signed. A repetition has the same `webhook-id`.
 *
 * @see CloudEvents 1.0.2, JSON format; Standard Webhooks 1.0, "Signature scheme".
 */
export function createWebhookNotifier(options: WebhookOptions): Notifier {
  const key = keyOf(options.secret);
  return {
    channel: 'webhook',
    target: options.url.host,
    async send(message, { signal } = {}) {
      const id = `msg_${messageKey(message.id)}`;
      const timestamp = String(Math.floor(options.clock()));
      const body = JSON.stringify(eventOf(message, id, options.source));
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      await postJson({
        url: options.url,
        body,
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': `v1,${signature}`,
        },
        timeoutMs: options.timeoutMs ?? 15_000,
        signal,
      });
    },
    close: () => Promise.resolve(),
  };
}

function keyOf(secret: string): Buffer {
  const prefix = 'whsec_';
  return secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);
}

function eventOf(message: NotificationMessage, id: string, source: string): Readonly<Record<string, unknown>> {
  return {
    specversion: '1.0',
    id,
    source,
    type: `dev.slipway.notification.${message.kind}`,
    subject: message.about,
    time: message.createdAt,
    datacontenttype: 'application/json',
    data: {
      kind: message.kind,
      subject: subjectOf(message),
      body: bodyOf(message),
      url: message.url,
      about: message.about,
      recipients: message.recipients,
    },
  };
}
