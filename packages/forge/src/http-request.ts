import { isName, type Name } from '@slipway/domain';
import type { IncomingMessage } from 'node:http';

const services = ['git-upload-pack', 'git-receive-pack'] as const;
export type Service = (typeof services)[number];

/** What a client of Git's smart protocol asks for. */
export interface GitRequest {
  readonly repository: Name;
  readonly service: Service;
  readonly kind: 'advertise' | 'call';
}

export type RoutedRequest =
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  | { readonly kind: 'git'; readonly request: GitRequest };

/**
 * Takes the target of a request as it came: nothing is decoded, so an encoded slash or `..` is just no name.
 *
 * @param prefix - such as `/git`, without a slash at its end.
 * @see gitprotocol-http(5); the dumb protocol's files are not served.
 */
export function routeRequest(prefix: string, request: Pick<IncomingMessage, 'url' | 'method'>): RoutedRequest {
  const [target = '', query = '', ...more] = (request.url ?? '').split('?');
  if (target !== prefix && !target.startsWith(`${prefix}/`)) return { kind: 'elsewhere' };
  const match = /^\/([^/]+)\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(target.slice(prefix.length));
  const [, name = '', end = ''] = match ?? [];
  if (match === null || !isName(name) || more.length > 0) return refused(404, 'not found');
  if (end === 'info/refs') {
    if (request.method !== 'GET') return refused(405, 'only GET is served here');
    const service = services.find((known) => query === `service=${known}`);
    if (service === undefined) return refused(403, 'only the smart protocol is served; update Git');
    return { kind: 'git', request: { repository: name, service, kind: 'advertise' } };
  }
  if (request.method !== 'POST') return refused(405, 'only POST is served here');
  const service = services.find((known) => known === end);
  if (service === undefined || query !== '') return refused(404, 'not found');
  return { kind: 'git', request: { repository: name, service, kind: 'call' } };
}

/** What a client says who it is; the token is the password, whatever the name. */
export interface Credentials {
  readonly username: string;
  readonly token: string;
}

/** Absent without a usable `Authorization: Basic` or `Bearer` (RFC 7617, RFC 6750). */
export function readCredentials(header: string | undefined): Credentials | undefined {
  const [scheme = '', value = ''] = (header ?? '').split(' ');
  if (/^bearer$/i.test(scheme) && value !== '') return { username: '', token: value };
  if (!/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon === -1 || /\p{Cc}/u.test(pair) || pair.length > 2048) return undefined;
  return { username: pair.slice(0, colon), token: pair.slice(colon + 1) };
}

/** The value of `Git-Protocol`, when it has the form of one (gitprotocol-v2(5)). */
export function readProtocol(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[a-z0-9=:.-]{1,200}$/i.test(header) ? header : undefined;
}

function refused(status: number, text: string): RoutedRequest {
  return { kind: 'refused', status, text };
}
