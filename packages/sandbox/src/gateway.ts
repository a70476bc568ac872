import { socketFolder } from '@slipway/host';
import type { ExecutionRequest } from '@slipway/ports';
import { chmodSync, chownSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { EgressPolicy } from './address-policy.ts';
import { createEgressProxy } from './egress-proxy.ts';
import type { Slot } from './slots.ts';

/** The server's end of a stage's network: an egress proxy and relays, and nothing else. */
export interface Gateway {
  /** Folder of the sockets; absent when nothing is offered, or offered on loopback. */
  readonly sockets?: string;
  /** `PORT=SOCKET` for the relay inside, given where the stage sees the sockets; empty when it needs none. */
  routes(insideSockets: string): readonly string[];
  /** Variables that tell the stage's programs. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface GatewayRequest {
  readonly request: ExecutionRequest;
  readonly stateDir: string;
  readonly slot: Slot;
  readonly policy: Omit<EgressPolicy, 'allow'>;
  /** False: the stage shares the host's network, and the proxy and relays listen on loopback directly. */
  readonly hasOwnNetwork: boolean;
  readonly onRefused: (line: string) => void;
}

/** Ports inside the stage's own network; relays follow the proxy. */
const firstPort = 3128;

/** Opens what the request asks for; closing ends every connection. */
export async function openGateway(wish: GatewayRequest): Promise<Gateway> {
  const doors = doorsOf(wish);
  if (doors.length === 0) return { routes: () => [], environment: {}, close: async () => undefined };
  const sockets = wish.hasOwnNetwork ? openFolder(wish.stateDir, wish.slot) : undefined;
  const opened: Server[] = [];
  const connections = new Set<Socket>();

  async function close(): Promise<void> {
    const closed = opened.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of connections) socket.destroy();
    await Promise.all(closed);
    if (sockets !== undefined) rmSync(sockets, { recursive: true, force: true });
  }

  try {
    const addresses = [];
    for (const [index, door] of doors.entries()) {
      opened.push(door.server);
      door.server.on('connection', (socket: Socket) => {
        connections.add(socket);
        socket.on('close', () => connections.delete(socket));
      });
      addresses.push(
        await listen(door.server, sockets === undefined ? undefined : path.join(sockets, `${index}.sock`)),
      );
    }
    const ports = addresses.map((port, index) => port ?? firstPort + index);
    return {
      ...(sockets === undefined ? {} : { sockets }),
      routes: (inside) => (sockets === undefined ? [] : ports.map((port, index) => `${port}=${inside}/${index}.sock`)),
      environment: Object.fromEntries(
        doors.flatMap((door, index) => Object.entries(door.variables(`127.0.0.1:${ports[index] ?? 0}`))),
      ),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Door {
  readonly server: Server;
  variables(address: string): Readonly<Record<string, string>>;
}

function doorsOf({ request, policy, onRefused }: GatewayRequest): readonly Door[] {
  const proxy: Door[] =
    request.network.allow.length === 0
      ? []
      : [
          {
            server: createEgressProxy({ ...policy, allow: request.network.allow }, onRefused),
            variables: proxyVariables,
          },
        ];
  const relays = (request.relays ?? []).map(({ name, host, port }) => ({
    server: createRelay(host, port),
    variables: (address: string) => ({ [name]: address }),
  }));
  return [...proxy, ...relays];
}

function proxyVariables(address: string): Readonly<Record<string, string>> {
  const proxy = `http://${address}`;
  const none = '127.0.0.1,localhost,::1';
  const names = [
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'http_proxy',
    'https_proxy',
    'npm_config_proxy',
    'npm_config_https_proxy',
  ];
  return { ...Object.fromEntries(names.map((name) => [name, proxy])), NO_PROXY: none, no_proxy: none };
}

/** Leads every connection to one fixed address, whatever the stage says. */
function createRelay(host: string, port: number): Server {
  return createServer({ allowHalfOpen: true }, (inner) => {
    const outer = connect({ host, port, allowHalfOpen: true });
    inner.on('error', () => outer.destroy());
    outer.on('error', () => inner.destroy());
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    inner.pipe(outer);
    outer.pipe(inner);
  });
}

/** The server's own folder, passable for the stage's group only: no name in it, nor the folder itself, can be swapped. */
function openFolder(stateDir: string, { index, user }: Slot): string {
  const purpose = `net${index}`;
  rmSync(socketFolder(stateDir, purpose), { recursive: true, force: true });
  const folder = socketFolder(stateDir, purpose);
  if (user === undefined) return folder;
  chownSync(folder, 0, user.gid);
  chmodSync(folder, 0o750);
  return folder;
}

/** @returns the port, when not on a socket of the file system. */
function listen(server: Server, socket: string | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket === undefined ? { host: '127.0.0.1', port: 0 } : { path: socket }, () => {
      server.removeListener('error', reject);
      if (socket !== undefined) chmodSync(socket, 0o666);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : undefined);
    });
  });
}
