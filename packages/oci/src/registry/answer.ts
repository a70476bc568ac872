import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Error codes of distribution-spec 1.1, "Error Codes". */
export type DistributionCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS';

/** An answer other than success; thrown by routes, sent by the handler. Never leaves this folder. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: DistributionCode;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, code: DistributionCode, options: { message: string; headers?: OutgoingHttpHeaders }) {
    super(options.message);
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
  }
}

/** One request as routes see it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

/** Sends an answer without a body, or with one of JSON. */
export function answer(
  exchange: Exchange,
  status: number,
  options: { readonly headers?: OutgoingHttpHeaders; readonly json?: unknown; readonly contentType?: string } = {},
): void {
  const body = options.json === undefined ? undefined : Buffer.from(JSON.stringify(options.json));
  exchange.response.writeHead(status, {
    'docker-distribution-api-version': 'registry/2.0',
    ...(body === undefined ? {} : { 'content-type': options.contentType ?? 'application/json' }),
    ...(status === 204 ? {} : { 'content-length': body?.length ?? 0 }),
    ...options.headers,
  });
  exchange.response.end(exchange.request.method === 'HEAD' ? undefined : body);
}

/** Sends a refusal; the connection ends with it when the request still has a body to send. */
export function refuse(exchange: Exchange, refusal: Refusal): void {
  if (exchange.response.headersSent || exchange.response.destroyed) {
    exchange.response.destroy();
    return;
  }
  const isRead = exchange.request.complete || exchange.request.readableEnded;
  answer(exchange, refusal.status, {
    json: { errors: [{ code: refusal.code, message: refusal.message }] },
    headers: { ...refusal.headers, ...(isRead ? {} : { connection: 'close' }) },
  });
}
