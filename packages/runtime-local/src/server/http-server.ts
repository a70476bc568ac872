import { CodedError } from '@slipway/domain';
import { TargetError } from '@slipway/ports';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isFields, type Fields } from '../objects/field-reader.ts';
import type { ErrorAnswer, RuntimeCalls, WatchLine } from './protocol.ts';

export type CallHandlers = {
  readonly [Name in keyof RuntimeCalls]: (ask: RuntimeCalls[Name]['ask']) => Promise<RuntimeCalls[Name]['answer']>;
};

/** Lines for one watcher until the signal; an async iterable in which nothing is lost. */
export type Watch = (labels: Readonly<Record<string, string>>, signal: AbortSignal) => AsyncIterable<WatchLine>;

const maxBodyBytes = 4 * 1024 * 1024;

/** Serves calls and watches on a Unix socket; whoever may open the socket's folder may do everything. */
export async function serveRuntime(socketPath: string, handlers: CallHandlers, watch: Watch): Promise<Server> {
  const server = createServer((incoming, answer) => {
    void respond(incoming, answer, { handlers, watch }).catch(() => answer.destroy());
  });
  server.requestTimeout = 60_000;
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => resolve());
  });
  return server;
}

interface Serving {
  readonly handlers: CallHandlers;
  readonly watch: Watch;
}

async function respond(incoming: IncomingMessage, answer: ServerResponse, serving: Serving): Promise<void> {
  try {
    const ask = await readBody(incoming);
    const name = (incoming.url ?? '').slice(1);
    if (name === 'watch') {
      await sendLines(answer, ask, serving.watch);
      return;
    }
    const handler = findHandler(serving.handlers, name);
    if (incoming.method !== 'POST' || handler === undefined)
      send(answer, 404, { code: 'NOT_FOUND', message: 'no such call', facts: {} });
    else send(answer, 200, await handler(ask));
  } catch (error) {
    send(answer, error instanceof CodedError ? 422 : 500, asAnswer(error));
  }
}

/** The handler checks what it needs of the body; the client is the only one who writes it. */
function findHandler(handlers: CallHandlers, name: string): ((ask: Fields) => Promise<object>) | undefined {
  return Object.hasOwn(handlers, name)
    ? (handlers[name as keyof CallHandlers] as (ask: unknown) => Promise<object>)
    : undefined;
}

async function readBody(incoming: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxBodyBytes) throw new TargetError('TARGET_OBJECT_INVALID', 'the object is larger than 4 MiB');
    chunks.push(bytes);
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || '{}');
  return isFields(body) ? body : {};
}

async function sendLines(answer: ServerResponse, ask: Fields, watch: Watch): Promise<void> {
  const gone = new AbortController();
  answer.once('close', () => gone.abort());
  answer.writeHead(200, { 'content-type': 'application/x-ndjson' });
  answer.flushHeaders();
  const labels = isFields(ask['labels']) ? ask['labels'] : {};
  const wanted = Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
  for await (const line of watch(wanted, gone.signal)) {
    if (answer.write(`${JSON.stringify(line)}\n`)) continue;
    await new Promise<void>((resolve) => {
      answer.once('drain', resolve);
      answer.once('close', resolve);
    });
  }
  answer.end();
}

function send(answer: ServerResponse, status: number, body: object): void {
  if (answer.headersSent) {
    answer.destroy();
    return;
  }
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function asAnswer(error: unknown): ErrorAnswer {
  if (!(error instanceof CodedError))
    return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), facts: {} };
  const suffix = `. ${error.next}`;
  const message = error.message.endsWith(suffix) ? error.message.slice(0, -suffix.length) : error.message;
  return { code: error.code, message, facts: error.facts };
}
