import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** An open stream of server-sent events (WHATWG HTML, "Server-sent events"). */
export interface EventStream {
  /** `data` and `id` hold no newline. */
  readonly send: (event: string, data: string, id?: string) => void;
  readonly end: () => void;
  /** Called when the client is gone, at once when it is already. */
  readonly onClose: (listener: () => void) => void;
}

const pingMs = 15_000;

/** Takes a reply over as an event stream; a comment every 15 s keeps proxies from closing it. */
export function sendEvents(request: FastifyRequest, reply: FastifyReply): EventStream {
  reply.hijack();
  const { raw } = reply;
  // A hijacked reply goes past Fastify: what the guard set goes along by hand.
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    connection: 'keep-alive',
  });
  raw.write(': open\n\n');
  // A client may be gone before we get here, and says so only once.
  let isClosed = raw.destroyed || request.raw.socket.destroyed;
  const listeners: (() => void)[] = [];
  let ping: NodeJS.Timeout | undefined;
  const pingLater = (): void => {
    ping = setTimeout(() => {
      raw.write(': ping\n\n');
      pingLater();
    }, pingMs);
  };
  const close = (): void => {
    isClosed = true;
    clearTimeout(ping);
    for (const listener of listeners.splice(0)) listener();
  };
  if (!isClosed) {
    raw.once('close', close);
    pingLater();
  }
  return {
    send: (event, data, id) =>
      void raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`),
    end: () => void raw.end(),
    onClose: (listener) => {
      if (isClosed) listener();
      else listeners.push(listener);
    },
  };
}
