import { RegistryError } from '../errors.ts';
import { parseJsonObject } from '../parse-json.ts';

/** A name and password, or a token in the password's place. */
export interface RegistryCredential {
  readonly username: string;
  readonly password: string;
}

const maxTokenBytes = 1024 * 1024;

/**
 * @throws RegistryError `REGISTRY_URL_REFUSED` for anything but https, and http on loopback: a credential never travels in the clear.
 */
export function demandSafeUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback);
  if (url !== undefined && isSafe && url.username === '' && url.password === '') return url;
  throw new RegistryError('REGISTRY_URL_REFUSED', `the registry URL of ${url?.host ?? 'no host'} is refused`);
}

/** The value of an Authorization header by Basic (RFC 7617). */
export function basicHeader(credential: RegistryCredential): string {
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
}

/**
 * Answers the challenge of a 401.
 *
 * @param challenge - the WWW-Authenticate header.
 * @param options - `scope` such as `repository:team/app:pull,push`.
 * @returns an Authorization header; absent when the challenge asks for what we have not.
 * @see distribution project, "Token Authentication Specification".
 */
export async function answerChallenge(
  challenge: string,
  options: {
    readonly credential?: RegistryCredential | undefined;
    readonly scope: string;
    readonly signal: AbortSignal;
  },
): Promise<string | undefined> {
  if (/^basic\b/i.test(challenge)) {
    return options.credential === undefined ? undefined : basicHeader(options.credential);
  }
  if (!/^bearer\b/i.test(challenge)) return undefined;
  const fields = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1] ?? '', match[2] ?? '']));
  const realm = demandSafeUrl(fields.get('realm') ?? '');
  const service = fields.get('service');
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', options.scope);
  const response = await fetch(realm, {
    signal: options.signal,
    redirect: 'error',
    headers: options.credential === undefined ? {} : { authorization: basicHeader(options.credential) },
  });
  if (!response.ok) {
    await response.body?.cancel();
    return undefined;
  }
  const json = parseJsonObject(await readBounded(response, maxTokenBytes)) ?? {};
  const token = json['token'] ?? json['access_token'];
  return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? `Bearer ${token}` : undefined;
}

/** @throws RegistryError `REGISTRY_CONTENT_TOO_LARGE`. */
export async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? [];
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new RegistryError('REGISTRY_CONTENT_TOO_LARGE', `the registry’s answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
