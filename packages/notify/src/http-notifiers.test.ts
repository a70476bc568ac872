import { notifierContract } from '@slipway/ports/contract';
import type { NotificationMessage, Notifier } from '@slipway/ports';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HttpReceiver, startHttpReceiver } from '../test-support/http-receiver.ts';
import { createSlackNotifier } from './create-slack-notifier.ts';
import { createTeamsNotifier } from './create-teams-notifier.ts';
import { createWebhookNotifier } from './create-webhook-notifier.ts';

const path = '/services/T0/secret-path-8';
const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
const timeoutMs = 1_500;

const makers: Readonly<Record<string, (url: URL) => Notifier>> = {
  webhook: (url) =>
    createWebhookNotifier({ url, secret, source: 'https://slipway.test', clock: () => Date.now() / 1_000, timeoutMs }),
  slack: (url) => createSlackNotifier({ url, timeoutMs }),
  teams: (url) => createTeamsNotifier({ url, timeoutMs }),
};

for (const [name, make] of Object.entries(makers)) {
  notifierContract(
    name,
    async () => {
      const receiver = await startHttpReceiver(path);
      return {
        notifier: make(receiver.url),
        received: () =>
          receiver.taken.map(({ headers, body }) => ({
            key: String(headers['webhook-id']),
            to: [],
            text: strings(JSON.parse(body)).join('\n'),
          })),
        set: (mood) => {
          receiver.mood = mood;
        },
        secret: 'secret-path-8',
        close: () => receiver.close(),
      };
    },
    { moods: ['away', 'silent', 'unauthorised', 'refuse'], hasKey: name === 'webhook' },
  );
}

/** Every text in a document. */
function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

const message: NotificationMessage = {
  id: 'run/1/webhook',
  kind: 'failure',
  subject: '<!channel> [click](http://evil.test) & more',
  body: 'Stage test: 1 failed.',
  url: 'https://slipway.test/runs/1',
  about: 'run/1',
  recipients: ['ada'],
  createdAt: '2026-01-01T00:00:00.000Z',
};

describe('notifiers over HTTP', () => {
  let receiver: HttpReceiver;

  beforeEach(async () => {
    receiver = await startHttpReceiver(path);
  });

  afterEach(() => receiver.close());

  function open(name: keyof typeof makers): Notifier {
    const make = makers[name];
    if (make === undefined) throw new Error(`no notifier ${name}`);
    return make(receiver.url);
  }

  it('signs a CloudEvent so that the library of Standard Webhooks accepts it, and no other text', async () => {
    await open('webhook').send(message);

    const [post] = receiver.taken;
    const headers = Object.fromEntries(
      ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(post?.headers[name])]),
    );
    const webhook = new Webhook(secret);
    expect(webhook.verify(post?.body ?? '', headers)).toMatchObject({
      specversion: '1.0',
      id: headers['webhook-id'],
      source: 'https://slipway.test',
      type: 'dev.slipway.notification.failure',
      subject: 'run/1',
      time: '2026-01-01T00:00:00.000Z',
      data: { kind: 'failure', about: 'run/1', recipients: ['ada'], url: 'https://slipway.test/runs/1' },
    });
    expect(() => webhook.verify(`${post?.body ?? ''} `, headers)).toThrow();
    expect(post?.headers['content-type']).toContain('application/cloudevents+json');
  });

  it('follows no redirection', async () => {
    receiver.mood = 'elsewhere';

    await expect(open('webhook').send(message)).rejects.toMatchObject({ code: 'NOTIFY_UNREACHABLE' });
    expect(receiver.asked).toEqual([path]);
  });

  it('keeps the pause that a receiver asks for', async () => {
    receiver.mood = 'slow-down';

    await expect(open('slack').send(message)).rejects.toMatchObject({ facts: { retryAfterMs: 7_000, status: 429 } });
  });

  it('does not read an answer without end', async () => {
    receiver.mood = 'endless';

    await open('teams').send(message);

    expect(receiver.taken).toHaveLength(1);
  });

  it('gives chats what strangers wrote as plain text only', async () => {
    await open('slack').send(message);
    await open('teams').send(message);

    const [slack, teams] = receiver.taken.map(({ body }) => body);
    expect(JSON.parse(slack ?? '')).toMatchObject({
      text: '&lt;!channel&gt; [click](http://evil.test) &amp; more',
      blocks: [{ text: { type: 'plain_text' } }, { text: { type: 'plain_text' } }, { text: { type: 'mrkdwn' } }],
    });
    expect(teams).not.toContain('"TextBlock"');
  });
});
