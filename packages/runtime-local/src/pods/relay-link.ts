import { connect, type Socket } from 'node:net';
import { isFields, type Fields } from '../objects/field-reader.ts';
import { readLines } from '../read-lines.ts';
import { joinSockets } from './join-sockets.ts';

/** What the relay knows of its container; it outlives the runtime, so it is asked rather than remembered. */
export interface ContainerStatus {
  readonly phase: 'idle' | 'running' | 'exited';
  /** ISO 8601, of the last start. */
  readonly startedAt?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly restarts: number;
}

export type RelayOrder =
  | {
      readonly op: 'start';
      readonly argv: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      /** The program tells its payload's pid on descriptor 3. */
      readonly hasInfo: boolean;
    }
  | { readonly op: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly op: 'services'; readonly ports: readonly number[] }
  | { readonly op: 'exit' };

const parkedConnections = 4;
const maxStatusBytes = 65_536;

/**
 * Opens a connection to a port of the pod.
 *
 * @returns the connection, paused, or the system's code (`ECONNREFUSED`, `ETIMEDOUT`) when nobody answers there: no byte has been sent then.
 */
export function connectToPod(socketPath: string, port: number, timeoutMs: number): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    const timer = setTimeout(() => fail('ETIMEDOUT'), timeoutMs);
    const fail = (code: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(code);
    };
    const failed = (error: NodeJS.ErrnoException) => fail(error.code ?? 'ERROR');
    const closed = () => fail('ECONNRESET');
    socket.once('error', failed);
    socket.once('close', closed);
    socket.write(`${JSON.stringify({ op: 'connect', port })}\n`);
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(10);
      if (end < 0) return;
      socket.off('data', read).pause();
      const answer = head.subarray(0, end).toString();
      if (answer !== '+') {
        fail(answer.slice(1));
        return;
      }
      clearTimeout(timer);
      socket.off('error', failed).off('close', closed);
      socket.on('error', () => socket.destroy());
      if (head.length > end + 1) socket.unshift(head.subarray(end + 1));
      resolve(socket);
    };
    socket.on('data', read);
  });
}

export interface RelayEvents {
  readonly status: (status: ContainerStatus) => void;
  /** The relay has gone away, or we have let go of it. */
  readonly ended: () => void;
  /** Pods may call the ports of Services and nothing else of this machine. */
  readonly mayCall: (port: number) => boolean;
}

/** The runtime's hold on one relay: orders go in, statuses come out, and calls of the pod's processes are answered. */
export class RelayLink {
  readonly #socketPath: string;
  readonly #control: Socket;
  readonly #events: RelayEvents;
  readonly #parked = new Set<Socket>();
  #isClosed = false;

  private constructor(socketPath: string, control: Socket, events: RelayEvents) {
    this.#socketPath = socketPath;
    this.#events = events;
    this.#control = control;
  }

  /** Connects to a relay; absent when none listens there. `ended` is called once when the relay goes away. */
  static open(socketPath: string, events: RelayEvents): Promise<RelayLink | undefined> {
    return new Promise((resolve) => {
      const control = connect(socketPath);
      control.once('error', () => resolve(undefined));
      control.once('connect', () => {
        const link = new RelayLink(socketPath, control, events);
        control.on('error', () => control.destroy());
        control.once('close', () => {
          link.close();
          events.ended();
        });
        void link.#readStatuses();
        link.#send({ op: 'control' });
        for (let count = 0; count < parkedConnections; count += 1) link.#park();
        resolve(link);
      });
    });
  }

  order(order: RelayOrder): void {
    this.#send(order);
  }

  /** Lets go of the relay, which lives on. */
  close(): void {
    this.#isClosed = true;
    this.#control.destroy();
    for (const socket of this.#parked) socket.destroy();
    this.#parked.clear();
  }

  #send(message: RelayOrder | { readonly op: 'control' }): void {
    if (!this.#control.destroyed) this.#control.write(`${JSON.stringify(message)}\n`);
  }

  async #readStatuses(): Promise<void> {
    try {
      for await (const line of readLines(this.#control, maxStatusBytes)) {
        const status = parseJson(line);
        if (status === undefined) break;
        this.#events.status(asStatus(status));
      }
    } catch {
      // Broken off: the close that follows says so.
    }
    this.#control.destroy();
  }

  /** One connection waits in the relay for a call to a Service; taken, it is replaced. */
  #park(): void {
    if (this.#isClosed) return;
    const socket = connect({ path: this.#socketPath, allowHalfOpen: true });
    this.#parked.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#parked.delete(socket));
    socket.write(`${JSON.stringify({ op: 'reverse' })}\n`);
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(10);
      if (end < 0) return;
      socket.off('data', read).pause();
      this.#parked.delete(socket);
      this.#park();
      if (head.length > end + 1) socket.unshift(head.subarray(end + 1));
      const port = Number(parseJson(head.subarray(0, end).toString())?.['port']);
      if (this.#events.mayCall(port)) joinSockets(socket, connect({ host: '127.0.0.1', port, allowHalfOpen: true }));
      else socket.destroy();
    };
    socket.on('data', read);
  }
}

/** What a relay says is a stranger's word: its pod could have taken it over. */
function parseJson(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function asStatus(fields: Fields): ContainerStatus {
  const phase = fields['phase'];
  return {
    phase: phase === 'running' || phase === 'exited' ? phase : 'idle',
    restarts: Number(fields['restarts'] ?? 0),
    ...(typeof fields['startedAt'] === 'string' ? { startedAt: fields['startedAt'] } : {}),
    ...(typeof fields['exitCode'] === 'number' ? { exitCode: fields['exitCode'] } : {}),
    ...(typeof fields['signal'] === 'string' ? { signal: fields['signal'] } : {}),
  };
}
