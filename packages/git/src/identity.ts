import type { Signature } from '@slipway/domain';
import { GitError, quoted } from './git-error.ts';

/**
 * The value of an `author` or `committer` line. What Git forbids in a name is left out, as Git itself does,
 * so that the same person and time always give the same bytes.
 *
 * @param at - ISO 8601.
 * @throws {@link GitError} `GIT_INPUT_REFUSED` when `at` is no date after 1970.
 */
export function identityLine(person: Signature, at: string): string {
  const seconds = Math.floor(Date.parse(at) / 1000);
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new GitError('GIT_INPUT_REFUSED', `${quoted(at)} is not a date for a commit`);
  }
  return `${clean(person.name) || 'unknown'} <${clean(person.email)}> ${seconds} +0000`;
}

/** @throws {@link GitError} `GIT_INPUT_REFUSED` for NUL, which cuts a message short for whoever reads it. */
export function checkMessage(message: string): string {
  if (message.includes('\0') || /\p{Surrogate}/u.test(message)) {
    throw new GitError('GIT_INPUT_REFUSED', 'A commit message holds NUL or half a character');
  }
  return message;
}

// Git's `strbuf_addstr_without_crud`: no control characters, no angle brackets, no punctuation at the ends.
function clean(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[\p{Cc}<>]/gu, '')
    .replace(/^[\s.,:;"\\']+|[\s.,:;"\\']+$/g, '');
}
