import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { ProbeSpec } from '../objects/workload.ts';

/** Opens a connection into the pod, or tells the system's code why not. */
export type PodConnector = (port: number, timeoutMs: number) => Promise<Socket | string>;

const maxProbeBytes = 65_536;

/**
 * Asks a container once.
 *
 * @param port - the number that the probe's port stands for.
 * @returns why it failed; absent when it passed (HTTP: 200 to 399).
 */
export async function runProbe(probe: ProbeSpec, port: number, connectPod: PodConnector): Promise<string | undefined> {
  const timeoutMs = probe.timeoutSeconds * 1000;
  const socket = await connectPod(port, timeoutMs);
  if (typeof socket === 'string') return `port ${port}: ${socket}`;
  if (probe.action.kind === 'tcpSocket') {
    socket.destroy();
    return undefined;
  }
  const status = await askHttp(socket, { ...probe.action, timeoutMs, port });
  socket.destroy();
  if (typeof status === 'string') return `GET ${probe.action.path} on port ${port}: ${status}`;
  return status >= 200 && status < 400 ? undefined : `GET ${probe.action.path} on port ${port} answered ${status}`;
}

function askHttp(
  socket: Socket,
  ask: {
    readonly path: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly timeoutMs: number;
    readonly port: number;
  },
): Promise<number | string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`no answer in ${ask.timeoutMs} ms`), ask.timeoutMs);
    const finish = (result: number | string) => {
      clearTimeout(timer);
      resolve(result);
    };
    const headers = {
      host: `127.0.0.1:${ask.port}`,
      'user-agent': 'kube-probe/slipway',
      connection: 'close',
      ...Object.fromEntries(ask.headers),
    };
    const call = request({ createConnection: () => socket, path: ask.path, headers, maxHeaderSize: maxProbeBytes });
    // Handed over paused; a pod says nothing before it is asked.
    socket.resume();
    call.once('response', (response) => finish(response.statusCode ?? 0));
    call.once('error', (error) => finish(error.message));
    socket.once('close', () => finish('the connection was closed'));
    call.end();
  });
}
