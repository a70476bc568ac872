import type { NotificationMessage } from '@slipway/ports';

const longestSubject = 200;
const longestBody = 8_000;

/** A subject as one line: what a title of strangers brings of line ends or other control characters ends no header. */
export function subjectOf(message: NotificationMessage): string {
  const line = message.subject.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return line.length <= longestSubject ? line : `${line.slice(0, longestSubject - 1)}…`;
}

/** The body as plain text: lines by LF, no other control characters but tabs, bounded. */
export function bodyOf(message: NotificationMessage): string {
  const text = message.body.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]+/gu, '');
  return text.length <= longestBody ? text : `${text.slice(0, longestBody)}\n…`;
}
