import { Readable } from 'node:stream';
import { RegistryError } from '../errors.ts';
import { isRepositoryName } from '../media-types.ts';
import { asObject, parseJsonObject } from '../parse-json.ts';
import { answerChallenge, basicHeader, demandSafeUrl, readBounded, type RegistryCredential } from './registry-auth.ts';

/** One request; `open` is called again where the registry asks for a credential first. */
export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Path from the root, or the Location that an answer named. */
  readonly target: string;
  readonly name: string;
  readonly action: 'pull' | 'push';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly size: number; readonly open: () => Readable };
  /** Statuses that are answers; every other becomes an error. */
  readonly accepts: readonly number[];
  readonly signal: AbortSignal | undefined;
}

/** @internal Sends requests to one registry with its authentication. */
export interface RegistryTransport {
  send(request: RegistryRequest): Promise<Response>;
}

/** @throws RegistryError `REGISTRY_URL_REFUSED`. */
export function createTransport(options: {
  readonly url: string;
  readonly credential?: RegistryCredential | undefined;
  readonly timeoutMs: number;
}): RegistryTransport {
  const base = demandSafeUrl(options.url);
  const headers = new Map<string, string>();
  return {
    async send(request) {
      if (!isRepositoryName(request.name)) {
        throw new RegistryError('REGISTRY_NAME_INVALID', `${JSON.stringify(request.name.slice(0, 100))} is refused`);
      }
      const url = demandSafeUrl(new URL(request.target, base).href);
      const timeout = AbortSignal.timeout(options.timeoutMs);
      const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
      // The credential is for this registry alone, wherever an answer's Location points.
      const isOurs = url.origin === base.origin;
      const scope = `repository:${request.name}:${request.action === 'push' ? 'pull,push' : 'pull'}`;
      const known =
        headers.get(scope) ?? (options.credential === undefined ? undefined : basicHeader(options.credential));
      const first = await exchange(url, request, { authorization: isOurs ? known : undefined, signal });
      if (first.status !== 401 || !isOurs) return accept(request, first);
      await first.body?.cancel();
      const authorization = await answerChallenge(first.headers.get('www-authenticate') ?? '', {
        credential: options.credential,
        scope,
        signal,
      });
      if (authorization === undefined || authorization === known) return accept(request, first);
      headers.set(scope, authorization);
      return accept(request, await exchange(url, request, { authorization, signal }));
    },
  };
}

async function exchange(
  url: URL,
  request: RegistryRequest,
  context: { readonly authorization: string | undefined; readonly signal: AbortSignal },
): Promise<Response> {
  const source = request.body?.open();
  const seen: { fault?: Error } = {};
  source?.once('error', (error: Error) => {
    seen.fault = error;
  });
  try {
    return await fetch(url, {
      method: request.method,
      signal: context.signal,
      headers: {
        ...request.headers,
        ...(request.body === undefined ? {} : { 'content-length': String(request.body.size) }),
        ...(context.authorization === undefined ? {} : { authorization: context.authorization }),
      },
      ...(source === undefined ? {} : { body: Readable.toWeb(source), duplex: 'half' }),
    });
  } catch (error) {
    if (seen.fault !== undefined) throw seen.fault;
    request.signal?.throwIfAborted();
    throw new RegistryError('REGISTRY_UNREACHABLE', `${url.host} did not answer`, { cause: error });
  } finally {
    if (source?.readableEnded === false) source.destroy();
  }
}

async function accept(request: RegistryRequest, response: Response): Promise<Response> {
  if (request.accepts.includes(response.status)) return response;
  const status = response.status;
  const said = await readMessage(response);
  const what = `${request.method} in ${request.name} was answered ${status}${said}`;
  const code =
    status === 401
      ? 'REGISTRY_UNAUTHORISED'
      : status === 403
        ? 'REGISTRY_DENIED'
        : status === 404
          ? 'REGISTRY_CONTENT_MISSING'
          : 'REGISTRY_REFUSED';
  throw new RegistryError(code, what, { facts: { status } });
}

/** The registry's own words, short and in printable signs; empty when it said nothing we understand. */
async function readMessage(response: Response): Promise<string> {
  if (response.bodyUsed) return '';
  const bytes = await readBounded(response, 64 * 1024).catch(() => new Uint8Array());
  const errors = parseJsonObject(bytes)?.['errors'];
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [];
  const words = list.map((entry) => {
    const { code, message } = asObject(entry) ?? {};
    return `${typeof code === 'string' ? code : ''} ${typeof message === 'string' ? message : ''}`.trim();
  });
  const text = words
    .join('; ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 300);
  return text === '' ? '' : ` (${text})`;
}
