import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRepositoryName } from '../media-types.ts';
import { isDiskFull } from '@slipway/host';
import { answer, type Exchange, Refusal, refuse } from './answer.ts';
import { openBlobStore } from './blob-store.ts';
import { blobRoutes } from './blob-routes.ts';
import { manifestRoutes } from './manifest-routes.ts';
import { openRepositoryStore } from './repository-store.ts';
import { openUploads, uploadRoutes } from './upload-routes.ts';

/** What somebody wants to do. `repository` is empty for the version check `/v2/`, which says only "you are known". */
export interface RegistryAccess {
  /** From Basic authentication; absent when the request has none. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly action: 'pull' | 'push';
  readonly repository: string;
}

export interface RegistryOptions {
  /** Belongs to one handler alone: what a crash left there is swept when it is made. */
  readonly rootDir: string;
  /** `unauthenticated`: nobody we know (401, so that clients send a credential); `denied`: known, and may not (403). */
  readonly authorise: (access: RegistryAccess) => Promise<'allowed' | 'unauthenticated' | 'denied'>;
  /** @default 8 GiB */
  readonly maxBlobBytes?: number;
  /** A tag, once pushed, never stands for another digest. @default true */
  readonly tagsAreImmutable?: boolean;
  /** Told of faults of the disk; the client sees only 500. */
  readonly onError?: (error: unknown) => void;
}

/** @internal What every route gets. */
export interface RouteContext {
  readonly blobs: ReturnType<typeof openBlobStore>;
  readonly repositories: ReturnType<typeof openRepositoryStore>;
  readonly uploads: ReturnType<typeof openUploads>;
  readonly maxBlobBytes: number;
  readonly tagsAreImmutable: boolean;
  /** @throws Refusal 401 or 403. */
  readonly demand: (exchange: Exchange, action: RegistryAccess['action'], repository: string) => Promise<void>;
}

/** @internal A route; `reference` is the part after the repository's name, unchecked. */
export type Route = (
  context: RouteContext,
  exchange: Exchange,
  target: { readonly repository: string; readonly reference: string },
) => Promise<void>;

const routes: readonly (readonly [RegExp, Readonly<Record<string, Route>>])[] = [
  [/^(.+)\/blobs\/uploads\/?()$/, { POST: uploadRoutes.start }],
  [
    /^(.+)\/blobs\/uploads\/([^/]+)$/,
    { GET: uploadRoutes.status, PATCH: uploadRoutes.append, PUT: uploadRoutes.finish, DELETE: uploadRoutes.cancel },
  ],
  [/^(.+)\/blobs\/([^/]+)$/, { GET: blobRoutes.read, HEAD: blobRoutes.read }],
  [/^(.+)\/manifests\/([^/]+)$/, { GET: manifestRoutes.read, HEAD: manifestRoutes.read, PUT: manifestRoutes.write }],
  [/^(.+)\/tags\/(list)$/, { GET: manifestRoutes.tags }],
  [/^(.+)\/referrers\/([^/]+)$/, { GET: manifestRoutes.referrers }],
];

/**
 * An OCI registry (distribution-spec 1.1: pull, push, content discovery) as a handler of node:http, to be mounted at `/v2/`.
 * It must get the request's body unread. Deleting is refused: what is deployed by digest must stay.
 *
 * @returns resolves when the answer is sent; never rejects.
 */
export function createRegistryHandler(
  options: RegistryOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const blobs = openBlobStore(options.rootDir);
  const context: RouteContext = {
    blobs,
    repositories: openRepositoryStore(options.rootDir),
    uploads: openUploads(blobs),
    maxBlobBytes: options.maxBlobBytes ?? 8 * 1024 ** 3,
    tagsAreImmutable: options.tagsAreImmutable ?? true,
    demand: (exchange, action, repository) => demand(options, exchange, { action, repository }),
  };
  return async (request, response) => {
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    const exchange: Exchange = { request, response, query };
    try {
      await dispatch(context, exchange, decodePath(mark < 0 ? url : url.slice(0, mark)));
    } catch (error) {
      const isGone = request.destroyed && !request.complete;
      if (!(error instanceof Refusal) && (!isGone || isDiskFull(error))) options.onError?.(error);
      refuse(exchange, asRefusal(error));
    }
  };
}

/** Faults of the disk are no news for a client, but that it is full is: a person can do something about it (RFC 4918, 507). */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = 'the disk of the registry is full; free space there, then push again';
  return isDiskFull(error)
    ? new Refusal(507, 'UNSUPPORTED', { message })
    : new Refusal(500, 'UNSUPPORTED', { message: 'internal error' });
}

async function dispatch(context: RouteContext, exchange: Exchange, path: string): Promise<void> {
  if (path === '/v2/' || path === '/v2') {
    const isRead = exchange.request.method === 'GET' || exchange.request.method === 'HEAD';
    if (!isRead) throw new Refusal(405, 'UNSUPPORTED', { message: 'the operation is not supported' });
    await context.demand(exchange, 'pull', '');
    answer(exchange, 200, { json: {} });
    return;
  }
  const below = path.startsWith('/v2/') ? path.slice(4) : '';
  for (const [pattern, methods] of routes) {
    const [, repository, reference] = pattern.exec(below) ?? [];
    if (repository === undefined || reference === undefined) continue;
    if (!isRepositoryName(repository)) throw new Refusal(400, 'NAME_INVALID', { message: 'invalid repository name' });
    const route = methods[exchange.request.method ?? ''];
    if (route === undefined) throw new Refusal(405, 'UNSUPPORTED', { message: 'the operation is not supported' });
    await route(context, exchange, { repository, reference });
    return;
  }
  throw new Refusal(404, 'NAME_UNKNOWN', { message: 'no such resource' });
}

function decodePath(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new Refusal(400, 'NAME_INVALID', { message: 'invalid encoding of the path' });
  }
}

async function demand(
  options: RegistryOptions,
  exchange: Exchange,
  wanted: { readonly action: RegistryAccess['action']; readonly repository: string },
): Promise<void> {
  const credentials = readBasic(exchange.request.headers.authorization);
  const verdict = await options.authorise({ ...wanted, ...(credentials === undefined ? {} : { credentials }) });
  if (verdict === 'unauthenticated') {
    throw new Refusal(401, 'UNAUTHORIZED', {
      message: 'authentication required',
      headers: { 'www-authenticate': 'Basic realm="slipway registry", charset="UTF-8"' },
    });
  }
  if (verdict === 'denied' && wanted.repository !== '') {
    throw new Refusal(403, 'DENIED', { message: `no right to ${wanted.action} here` });
  }
}

function readBasic(header: string | undefined): RegistryAccess['credentials'] | undefined {
  const encoded = /^basic ([a-z0-9+/=]{1,8192})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
