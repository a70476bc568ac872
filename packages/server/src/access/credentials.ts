import type { IncomingHttpHeaders } from 'node:http';
import type { Credential } from '../server-services.ts';

/** Name of the session cookie; HttpOnly, so no script reads it. */
export const sessionCookie = 'slipway_session';

/** The credential of a request: Bearer, Basic (any user name, the token as password) or the session cookie. */
export function readCredential(headers: IncomingHttpHeaders): Credential | undefined {
  const { authorization, cookie } = headers;
  if (authorization !== undefined) {
    const [scheme, value = ''] = authorization.split(' ');
    if (scheme?.toLowerCase() === 'bearer') return { secret: value, from: 'bearer' };
    if (scheme?.toLowerCase() !== 'basic') return undefined;
    const text = Buffer.from(value, 'base64').toString();
    const colon = text.indexOf(':');
    return colon < 0 ? undefined : { secret: text.slice(colon + 1), from: 'basic' };
  }
  const pair = cookie?.split(/; */).find((part) => part.startsWith(`${sessionCookie}=`));
  // Our tokens need no escaping; whatever else stands there is no token.
  return pair === undefined ? undefined : { secret: pair.slice(sessionCookie.length + 1), from: 'cookie' };
}

/** A cookie comes by itself, also from a foreign page: what changes something must come from our own origin (ci.md A17). */
export function isForged(credential: Credential | undefined, method: string, headers: IncomingHttpHeaders): boolean {
  if (credential?.from !== 'cookie' || method === 'GET' || method === 'HEAD') return false;
  const { origin, host } = headers;
  return origin === undefined || host === undefined || hostOf(origin) !== host;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
