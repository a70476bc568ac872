/**
 * Takes the one-time token out of the address, `/login#token=…`.
 *
 * The fragment never reaches a server, but it would stay in the history: it is removed before anything else is done.
 *
 * @returns `undefined` when there is none, and from the second call on.
 */
export function takeTokenFromAddress(window: Pick<Window, 'location' | 'history'>): string | undefined {
  const { hash, pathname, search } = window.location;
  const token = new URLSearchParams(hash.slice(1)).get('token');
  if (token === null) return undefined;
  window.history.replaceState(window.history.state, '', `${pathname}${search}`);
  return token === '' ? undefined : token;
}
