import type { NotificationMessage, Notifier } from '@slipway/ports';
import type { ChatOptions } from './create-slack-notifier.ts';
import { bodyOf, subjectOf } from './message-text.ts';
import { postJson } from './post-json.ts';

/** Notifications to a Teams incoming webhook (Workflows). Teams knows no repetition by a key: it may show one twice. */
export function createTeamsNotifier(options: ChatOptions): Notifier {
  return {
    channel: 'teams',
    target: options.url.host,
    send: (message, { signal } = {}) =>
      postJson({
        url: options.url,
        body: JSON.stringify(teamsMessage(message)),
        headers: {},
        timeoutMs: options.timeoutMs ?? 15_000,
        signal,
      }),
    close: () => Promise.resolve(),
  };
}

/** An adaptive card whose texts are runs: a text block would read Markdown in what strangers wrote. */
function teamsMessage(message: NotificationMessage): Readonly<Record<string, unknown>> {
  const lines = bodyOf(message)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [run(subjectOf(message), { weight: 'Bolder' }), ...lines.map((line) => run(line, {}))],
          actions: [{ type: 'Action.OpenUrl', title: 'Open in Slipway', url: message.url }],
        },
      },
    ],
  };
}

function run(text: string, style: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}
