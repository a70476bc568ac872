import { TargetError, targetErrors } from '@slipway/ports';
import { request, type IncomingMessage } from 'node:http';
import { isFields } from '../objects/field-reader.ts';
import { readLines } from '../read-lines.ts';
import { RuntimeError, runtimeErrors } from '../runtime-error.ts';
import type { ErrorAnswer, RuntimeCalls, WatchLine } from '../server/protocol.ts';

const maxLineBytes = 8 * 1024 * 1024;
const maxAnswerBytes = 256 * 1024 * 1024;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** @default 30000 */
  readonly timeoutMs?: number;
}

/** Calls to one runtime over its socket. */
export class RuntimeClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws TargetError `TARGET_UNREACHABLE` when nobody answers; else what the runtime threw, by its code. */
  async call<Name extends keyof RuntimeCalls>(
    name: Name,
    ask: RuntimeCalls[Name]['ask'],
    options: CallOptions = {},
  ): Promise<RuntimeCalls[Name]['answer']> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    try {
      const response = await this.#post(name, ask, signal);
      const text = await readText(response);
      if (response.statusCode !== 200) throw asError(parseAnswer(text));
      return JSON.parse(text) as RuntimeCalls[Name]['answer'];
    } catch (error) {
      throw translate(error, options.signal);
    }
  }

  /** Lines of a watch until the signal. @throws TargetError `TARGET_UNREACHABLE` when the connection breaks. */
  async *watch(labels: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<WatchLine> {
    try {
      const response = await this.#post('watch', { labels }, signal);
      for await (const line of readLines(response, maxLineBytes)) yield JSON.parse(line) as WatchLine;
    } catch (error) {
      if (signal.aborted) return;
      throw translate(error, signal);
    }
    if (!signal.aborted) throw new TargetError('TARGET_UNREACHABLE', 'the local runtime ended the watch');
  }

  #post(name: string, ask: object, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.#socketPath, path: `/${name}`, method: 'POST', signal, agent: false });
      call.once('response', resolve);
      call.once('error', reject);
      call.end(JSON.stringify(ask));
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxAnswerBytes) throw new TargetError('TARGET_UNREACHABLE', 'the local runtime answers without end');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

function parseAnswer(text: string): ErrorAnswer {
  const value: unknown = JSON.parse(text);
  const fields = isFields(value) ? value : {};
  const facts = isFields(fields['facts']) ? Object.entries(fields['facts']) : [];
  const plain = facts.flatMap(([name, fact]) =>
    typeof fact === 'string' || typeof fact === 'number' ? [[name, fact] as const] : [],
  );
  return { code: String(fields['code']), message: String(fields['message']), facts: Object.fromEntries(plain) };
}

function asError(answer: ErrorAnswer): Error {
  const { code, message, facts } = answer;
  if (isKeyOf(targetErrors, code)) return new TargetError(code, message, { facts });
  if (isKeyOf(runtimeErrors, code)) return new RuntimeError(code, message, { facts });
  return new TargetError('TARGET_UNREACHABLE', `the local runtime failed: ${message}`, { facts });
}

function isKeyOf<Table extends object>(table: Table, code: string): code is Extract<keyof Table, string> {
  return Object.hasOwn(table, code);
}

function translate(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof TargetError || error instanceof RuntimeError) return error;
  if (signal?.aborted === true) return signal.reason;
  return new TargetError('TARGET_UNREACHABLE', 'the local runtime does not answer', { cause: error });
}
