import { identifyProcess, signalProcess } from '@slipway/host';
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, pipeline, Transform, type Readable, type Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { backendEnvironment, type BackendCall } from './backend-environment.ts';
import { createCgiReader } from './cgi-answer.ts';

export interface BackendLimits {
  /** Of the body as Git reads it, after unpacking. */
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  /** Asked when the client is gone: whether Git may end what it does. */
  readonly mustFinish: () => boolean;
}

export interface BackendEnd {
  /** The end of Git's standard error. */
  readonly stderr: string;
  readonly exitCode: number | undefined;
  /** Whether it gave a whole head of an answer; there may be no body behind it. */
  readonly hasAnswered: boolean;
}

/**
 * Lets `git http-backend` answer a request. The answer stays open for the caller to end, after what it has to record.
 *
 * The child and what it starts are ended when the client goes, or the time is over; this returns when all of them are gone.
 */
export async function runBackend(
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
  call: BackendCall,
  limits: BackendLimits,
): Promise<BackendEnd> {
  const { request, response } = exchange;
  const child = spawn(call.program, [], {
    cwd: '/',
    env: backendEnvironment(call, request),
    // A group of its own: Git starts receive-pack, index-pack and the hook below it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  const endGroup = (): void => {
    if (identity === undefined || child.exitCode !== null) return;
    signalProcess(identity, 'SIGTERM', true);
    setTimeout(() => signalProcess(identity, 'SIGKILL', true), 5_000).unref();
  };
  const timer = setTimeout(endGroup, limits.timeoutMs);
  const leave = (): void => {
    if (!limits.mustFinish()) endGroup();
  };
  response.on('close', leave);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)));
  feed(request, child.stdin, limits.maxBodyBytes, endGroup);
  const answer = forward(child.stdout, response, endGroup);
  const exitCode = await new Promise<number | undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code ?? undefined));
  });
  clearTimeout(timer);
  response.off('close', leave);
  return { stderr, exitCode, hasAnswered: answer.hasHead() };
}

/** Git's own limit speaks first, with a text for the client; this one only ends what does not stop. */
function feed(request: IncomingMessage, stdin: Writable, maxBytes: number, stop: () => void): void {
  let left = maxBytes;
  const limit = new Transform({
    transform(chunk: Buffer, _, done) {
      left -= chunk.length;
      if (left < 0) done(new RangeError('the body is too large'));
      else done(undefined, chunk);
    },
  });
  const isPacked = /^(x-)?gzip$/i.test(request.headers['content-encoding'] ?? '');
  const unpack = isPacked ? createGunzip() : new PassThrough();
  // The request itself stays outside: a pipeline that fails would close its connection, and the client heard nothing.
  pipeline(unpack, limit, stdin, (error) => {
    request.unpipe(unpack);
    drain(request, maxBytes);
    if (isFault(error)) stop();
  });
  request.pipe(unpack);
  request.on('close', () => {
    if (!request.complete) unpack.destroy();
  });
}

/** At a good end there is `undefined`, whatever the types say. A closed pipe is none: Git has said no already and reads no more. */
function isFault(error: Error | null | undefined): boolean {
  if (error === undefined || error === null) return false;
  return !('code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE'));
}

/** The rest is thrown away, so that the client gets to read the answer; up to a limit. */
function drain(request: IncomingMessage, maxBytes: number): void {
  let left = maxBytes;
  if (request.destroyed) return;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}

function forward(stdout: Readable, response: ServerResponse, stop: () => void): { hasHead(): boolean } {
  const reader = createCgiReader(response);
  response.on('drain', () => stdout.resume());
  stdout.on('data', (chunk: Buffer) => {
    const body = reader.take(chunk);
    if (body === undefined) {
      stop();
      return;
    }
    if (response.destroyed || body.length === 0) return;
    if (!response.write(body)) stdout.pause();
  });
  // Nobody listens any more: Git must not wait for a reader.
  response.on('close', () => stdout.resume());
  return reader;
}
