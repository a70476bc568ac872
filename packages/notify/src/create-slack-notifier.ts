import type { NotificationMessage, Notifier } from '@slipway/ports';
import { bodyOf, subjectOf } from './message-text.ts';
import { postJson } from './post-json.ts';

/** A chat's incoming webhook. */
export interface ChatOptions {
  /** Who knows it may post: a credential. */
  readonly url: URL;
  /** @default 15000 */
  readonly timeoutMs?: number;
}

/** Slack's limit for one text. */
const longestText = 2_900;

/** Notifications to a Slack incoming webhook. Slack knows no repetition by a key: it may show one twice. */
export function createSlackNotifier(options: ChatOptions): Notifier {
  return {
    channel: 'slack',
    target: options.url.host,
    send: (message, { signal } = {}) =>
      postJson({
        url: options.url,
        body: JSON.stringify(slackMessage(message)),
        headers: {},
        timeoutMs: options.timeoutMs ?? 15_000,
        signal,
      }),
    close: () => Promise.resolve(),
  };
}

/** What strangers wrote stands as plain text only: it can neither link nor call `@channel`. */
function slackMessage(message: NotificationMessage): Readonly<Record<string, unknown>> {
  const subject = subjectOf(message);
  const body = bodyOf(message).slice(0, longestText);
  const link = `<${message.url.replace(/[<>|]/g, encodeURIComponent)}|Open in Slipway>`;
  return {
    text: escaped(subject),
    blocks: [
      plain(subject),
      ...(body.trim() === '' ? [] : [plain(body)]),
      { type: 'section', text: { type: 'mrkdwn', text: link } },
    ],
  };
}

function plain(text: string): Readonly<Record<string, unknown>> {
  return { type: 'section', text: { type: 'plain_text', text, emoji: false } };
}

/** The fallback text is read as Slack's markup. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
