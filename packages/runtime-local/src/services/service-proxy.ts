import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServicePort } from '../objects/workload.ts';
import { joinSockets } from '../pods/join-sockets.ts';
import { PodChooser } from './pod-chooser.ts';
import type { RequestMetrics } from './request-metrics.ts';

/** A ready pod as a Service sees it. */
export interface Endpoint {
  readonly id: string;
  readonly deployment: string;
  readonly revision: string;
  /** The connection, or why there is none; nothing has been sent then. */
  readonly connect: (port: number | string, timeoutMs: number) => Promise<Socket | string>;
}

export interface ProxySettings {
  readonly port: ServicePort;
  /** Asked anew for every request. */
  readonly endpoints: () => readonly Endpoint[];
  readonly weights: () => Readonly<Record<string, number>> | undefined;
  readonly metrics: RequestMetrics;
}

const connectMs = 5000;
// RFC 9110, 7.6.1: fields about one connection are not passed on.
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** One port of a Service on this machine's loopback. */
export class ServiceProxy {
  readonly #settings: ProxySettings;
  readonly #server: Server;
  readonly #http: HttpServer | undefined;
  readonly #chooser = new PodChooser();
  readonly #open = new Set<Socket>();

  constructor(settings: ProxySettings) {
    this.#settings = settings;
    this.#http =
      settings.port.protocol === 'http'
        ? createServer((incoming, answer) => void this.#serve(incoming, answer))
        : undefined;
    // Callers keep connections longer than Node's five seconds; closing first would race with their next request.
    if (this.#http !== undefined) this.#http.keepAliveTimeout = 75_000;
    this.#http?.on(
      'upgrade',
      (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(incoming, socket, head),
    );
    this.#server =
      this.#http ?? createTcpServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => void this.#pass(socket));
    this.#server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Listens on the port; false when somebody else has it. */
  listen(port: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
        else reject(error);
      });
      this.#server.listen({ port, host: '127.0.0.1' }, () => resolve(true));
    });
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  /** A connection to the pod whose turn it is, or to the next one that can be reached. */
  async #connect(): Promise<{ readonly endpoint: Endpoint; readonly socket: Socket } | undefined> {
    const { endpoints, weights, port } = this.#settings;
    for (const endpoint of this.#chooser.order(endpoints(), weights())) {
      const socket = await endpoint.connect(port.targetPort, connectMs);
      if (typeof socket !== 'string') return { endpoint, socket };
    }
    return undefined;
  }

  async #pass(socket: Socket): Promise<void> {
    const found = await this.#connect();
    if (found === undefined) socket.destroy();
    else joinSockets(socket, found.socket);
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const found = await this.#connect();
    const count = (statusCode: number) =>
      this.#settings.metrics.count(
        found?.endpoint ?? { deployment: '', revision: '' },
        statusCode,
        performance.now() - startedAt,
      );
    if (found === undefined) {
      incoming.resume();
      answer.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' }).end('no ready pod\n');
      count(503);
      return;
    }
    const headers = forwardedHeaders(incoming);
    const call = request({
      createConnection: () => found.socket,
      method: incoming.method,
      path: incoming.url,
      headers,
      setHost: false,
    });
    // Handed over paused; a pod says nothing before it is asked.
    found.socket.resume();
    answer.once('close', () => call.destroy());
    call.once('response', (response) => {
      count(response.statusCode ?? 0);
      answer.writeHead(response.statusCode ?? 502, response.statusMessage, answeredHeaders(response));
      // A broken body must not look like a whole one: the connection ends without its last chunk.
      void pipeline(response, answer).catch(() => answer.destroy());
    });
    call.once('error', () => {
      if (answer.headersSent) {
        answer.destroy();
        return;
      }
      count(0);
      answer.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' }).end('the pod broke off\n');
    });
    void pipeline(incoming, call).catch(() => call.destroy());
  }

  /** WebSockets and the like: the request as it came, then bytes both ways. */
  async #upgrade(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const found = await this.#connect();
    if (found === undefined || !isSocket(client)) {
      client.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
      return;
    }
    const lines = [`${incoming.method ?? 'GET'} ${incoming.url ?? '/'} HTTP/1.1`];
    for (let index = 0; index < incoming.rawHeaders.length; index += 2)
      lines.push(`${incoming.rawHeaders[index]}: ${incoming.rawHeaders[index + 1]}`);
    found.socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    if (head.length > 0) found.socket.write(head);
    joinSockets(client, found.socket);
  }
}

function isSocket(stream: Duplex): stream is Socket {
  return 'remoteAddress' in stream;
}

/** One connection for one request: a kept one could be closed by the pod just as we send, and the request would be lost. */
function forwardedHeaders(incoming: IncomingMessage): readonly string[] {
  const headers = withoutHopByHop(incoming.rawHeaders);
  // RFC 9112, 6.3: a body of unknown length needs its coding named again.
  if (incoming.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked');
  return [...headers, 'x-forwarded-for', incoming.socket.remoteAddress ?? '', 'connection', 'close'];
}

function answeredHeaders(response: IncomingMessage): string[] {
  return withoutHopByHop(response.rawHeaders);
}

function withoutHopByHop(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!hopByHop.includes(name.toLowerCase())) kept.push(name, raw[index + 1] ?? '');
  }
  return kept;
}
