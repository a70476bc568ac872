import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isListed, parseHostPort, resolveTarget, type EgressPolicy, type HostPort } from './address-policy.ts';

const connectTimeoutMs = 20_000;
const idleTimeoutMs = 300_000;
const maxConnections = 512;
const hopByHop = ['connection', 'proxy-connection', 'proxy-authorization', 'keep-alive', 'te', 'trailer', 'upgrade'];

/**
 * An HTTP proxy for one stage: CONNECT and plain absolute-form requests to the hosts of its policy, 403 for all others.
 *
 * @param onRefused - one sentence for the stage's log.
 * @returns not yet listening.
 */
export function createEgressProxy(policy: EgressPolicy, onRefused: (line: string) => void): Server {
  async function admit(target: HostPort | undefined): Promise<string | undefined> {
    if (target === undefined) return undefined;
    const name = `${target.host}:${target.port}`;
    if (!isListed(target, policy.allow)) {
      onRefused(`network: ${name} is refused, it is not in the stage's list of hosts`);
      return undefined;
    }
    const address = await resolveTarget(target, policy).catch(() => 'unknown' as const);
    if (address === 'unknown') onRefused(`network: ${name} has no address`);
    if (address === undefined) onRefused(`network: ${name} is refused, it leads to a private address`);
    return address === 'unknown' ? undefined : address;
  }

  const server = http.createServer((request, response) => {
    request.on('error', () => response.destroy());
    const target = parseAbsolute(request.url ?? '');
    admit(target).then(
      (address) => {
        if (target === undefined || address === undefined) refuse(response);
        else forward({ request, response, target, address });
      },
      () => response.destroy(),
    );
  });
  server.maxConnections = maxConnections;
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy());
    const target = parseHostPort(request.url ?? '');
    admit(target).then(
      (address) => {
        if (target === undefined || address === undefined)
          client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
        else tunnel(client, connect({ host: address, port: target.port, timeout: connectTimeoutMs }), head);
      },
      () => client.destroy(),
    );
  });
  return server;
}

function parseAbsolute(url: string): HostPort | undefined {
  if (!/^http:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  return parseHostPort(new URL(url).host, 80);
}

function refuse(response: ServerResponse): void {
  response.writeHead(403, { 'content-type': 'text/plain' });
  response.end('This host is not in the list of hosts of the stage.\n');
}

/** Joins two streams until either is gone. */
function tunnel(client: Duplex, remote: Socket, head: Buffer): void {
  let isOpen = false;
  remote.on('connect', () => {
    isOpen = true;
    remote.setTimeout(idleTimeoutMs);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    remote.write(head);
    client.pipe(remote);
    remote.pipe(client);
  });
  remote.on('timeout', () => remote.destroy(new Error('timed out')));
  remote.on('error', () => {
    if (isOpen) client.destroy();
    else client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
  });
  remote.on('close', () => client.end());
  client.on('close', () => remote.destroy());
}

interface Forwarding {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: HostPort;
  readonly address: string;
}

function forward({ request, response, target, address }: Forwarding): void {
  const url = new URL(request.url ?? '');
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !hopByHop.includes(name)));
  const upstream = http.request({
    host: address,
    port: target.port,
    method: request.method ?? 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host },
    timeout: idleTimeoutMs,
    agent: false,
  });
  upstream.on('response', (answer) => {
    answer.on('error', () => response.destroy());
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('timeout', () => upstream.destroy(new Error('timed out')));
  upstream.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}
