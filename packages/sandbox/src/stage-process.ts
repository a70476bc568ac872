import type { UnprivilegedUser } from '@slipway/host';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { InvariantError } from '@slipway/domain';

/** The driver script as the server sees it; the channels are those of `driver.sh`. */
export interface StageProcess {
  readonly pid: number;
  readonly input: Writable;
  readonly log: Readable;
  readonly events: Readable;
  readonly outputs: Readable;
  /** Resolves when the first process has ended; rejects when it could not be started. */
  readonly ended: Promise<void>;
  /** Kills the first process and its group; with a process namespace everything in it dies as well. */
  kill(): void;
}

export interface SpawnRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: UnprivilegedUser | undefined;
  readonly logPipe: string;
}

/** Starts it; nothing runs in it before its plan has come. */
export function startStage(request: SpawnRequest): StageProcess {
  // The reading end first, and not blocking: opening the writing end would wait for it.
  const reader = openSync(request.logPipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(request.logPipe, constants.O_WRONLY);
  const log = new Socket({ fd: reader, readable: true, writable: false });
  let child: ChildProcess;
  try {
    child = spawn(request.program, [...request.args], {
      cwd: '/',
      env: { ...request.environment },
      detached: true,
      stdio: ['pipe', writer, writer, 'pipe', 'pipe'],
      ...request.user,
    });
  } finally {
    closeSync(writer);
  }
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  ended.catch(() => undefined);
  const input = child.stdin;
  const [, , , events, outputs] = child.stdio;
  if (!(input instanceof Socket && events instanceof Socket && outputs instanceof Socket)) {
    throw new InvariantError('a stage was started without its channels');
  }
  // A stage that ended closes its channels in the middle of anything; its end is told by `ended`.
  for (const channel of [input, events, outputs, log]) channel.on('error', () => channel.destroy());
  return { pid: child.pid ?? 0, input, log, events, outputs, ended, kill: () => killGroup(child) };
}

function killGroup(child: ChildProcess): void {
  // Once it is reaped its number may be somebody else's.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}
