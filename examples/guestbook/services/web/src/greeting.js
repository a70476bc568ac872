/** Stands at the foot of every page and in the answer of `/version`. */
export const versionText = 'Guestbook 1.0';

/**
 * What the page says above the entries.
 *
 * @param {number} count - entries shown, 0 or more.
 */
export function entriesHeadline(count) {
  if (count === 0) return 'Nobody has written yet';
  return count === 1 ? 'One entry' : `${count} entries`;
}
