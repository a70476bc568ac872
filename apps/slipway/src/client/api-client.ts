import { problem } from '@slipway/api';
import { CodedError } from '@slipway/domain';
import { CliError } from '../cli/cli-error.ts';

/** What reads an answer; a schema of `@slipway/api`. */
export interface AnswerSchema<T> {
  parse(value: unknown): T;
}

/** What the server refused, with its own code and advice. */
export class ApiError extends CodedError {
  override readonly name = 'ApiError';
  readonly code: string;
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, refusal: ReturnType<typeof problem.parse>) {
    const { code, message, facts } = refusal;
    const next = refusal.next ?? nextOf(message);
    const retry = status >= 500 || status === 429 ? 'backoff' : 'never';
    super(
      message.endsWith(next) ? message.slice(0, -next.length).replace(/[.\s]+$/, '') : message,
      { retry, next },
      facts === undefined ? {} : { facts },
    );
    this.code = code;
    this.status = status;
  }
}

/** Refusals of the HTTP border alone say what to do in their last sentence. */
function nextOf(message: string): string {
  return /[.!?]\s+([^.]+\.)\s*$/.exec(message)?.[1] ?? 'Check what was sent.';
}

export interface ApiClientOptions {
  /** Such as `http://127.0.0.1:7780`. */
  readonly url: string;
  readonly token?: string;
  readonly signal: AbortSignal;
  /** Milliseconds for one call. @default 30000 */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly timeoutMs?: number;
  /** @default 33554432 */
  readonly maxBytes?: number;
}

/** The server's API: answers are held against their schemas, refusals are errors with the server's code. */
export interface ApiClient {
  readonly url: string;
  readonly token: string | undefined;
  get<T>(path: string, schema: AnswerSchema<T>, options?: CallOptions): Promise<T>;
  post<T>(path: string, schema: AnswerSchema<T>, call?: CallOptions & { readonly body?: unknown }): Promise<T>;
  delete(path: string): Promise<void>;
  /** For an answer whose headers count. */
  headersOf(path: string, body: unknown): Promise<Headers>;
  /** A body as it comes, until its end or the signal; no timeout once it has begun. */
  stream(path: string, options?: Pick<CallOptions, 'query'>): AsyncIterable<Uint8Array>;
}

const defaultTimeoutMs = 30_000;
const defaultMaxBytes = 33_554_432;
const maxProblemBytes = 65_536;

/**
 * Opens a client; nothing is asked yet. Redirects are refused: a credential goes to one server only.
 *
 * Its calls throw {@link ApiError}; {@link CliError} `CLI_SERVER_UNREACHABLE`, `CLI_ANSWER_UNREADABLE`.
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const call = async (
    method: string,
    path: string,
    rest: CallOptions & { readonly body?: unknown },
  ): Promise<string> => {
    const timeout = AbortSignal.timeout(rest.timeoutMs ?? options.timeoutMs ?? defaultTimeoutMs);
    const signal = AbortSignal.any([options.signal, timeout]);
    try {
      const response = await send(options, { method, path, signal, ...rest });
      return await readBounded(response, rest.maxBytes ?? defaultMaxBytes);
    } catch (error) {
      throw asOurs(error, options);
    }
  };
  return {
    url: options.url,
    token: options.token,
    get: async (path, schema, rest = {}) => parseAnswer(await call('GET', path, rest), schema),
    post: async (path, schema, rest = {}) => parseAnswer(await call('POST', path, rest), schema),
    async delete(path) {
      await call('DELETE', path, {});
    },
    async headersOf(path, body) {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)]);
      try {
        const response = await send(options, { method: 'POST', path, signal, body });
        await response.body?.cancel();
        return response.headers;
      } catch (error) {
        throw asOurs(error, options);
      }
    },
    async *stream(path, rest = {}) {
      try {
        const response = await send(options, { method: 'GET', path, signal: options.signal, ...rest });
        if (response.body !== null) for await (const chunk of response.body) yield chunk as Uint8Array;
      } catch (error) {
        throw asOurs(error, options);
      }
    },
  };
}

/** A path of the API; what stands in it is encoded, also slashes. */
export function apiPath(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.map((part, at) => part + (at < values.length ? encodeURIComponent(values[at] ?? '') : '')).join('');
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly query?: CallOptions['query'];
  readonly body?: unknown;
}

async function send(options: ApiClientOptions, call: Call): Promise<Response> {
  const url = new URL(call.path, options.url);
  for (const [name, value] of Object.entries(call.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value));
  const response = await fetch(url, {
    method: call.method,
    redirect: 'error',
    signal: call.signal,
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  if (!response.ok) throw refusalOf(response.status, await readBounded(response, maxProblemBytes));
  return response;
}

function refusalOf(status: number, text: string): Error {
  const parsed = problem.safeParse(parseJson(text));
  if (parsed.success) return new ApiError(status, parsed.data);
  const what = `What answers there is not a Slipway server (status ${status})`;
  return new CliError('CLI_SERVER_UNREACHABLE', what, { facts: { status } });
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return '';
  for await (const chunk of response.body) {
    size += (chunk as Uint8Array).byteLength;
    if (size > maxBytes) throw new CliError('CLI_ANSWER_UNREADABLE', `The answer has more than ${maxBytes} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString();
}

function parseAnswer<T>(text: string, schema: AnswerSchema<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CliError('CLI_ANSWER_UNREADABLE', 'The server answered in a way that this program does not know', {
      cause: error,
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Foreign errors of a call, told apart once: ours pass, an abort of the person passes, the rest is "no answer". */
function asOurs(error: unknown, options: ApiClientOptions): unknown {
  if (error instanceof CodedError) return error;
  if (options.signal.aborted) return options.signal.reason;
  const { cause, name, message } = error as Error & {
    readonly cause?: { readonly code?: string; readonly message?: string };
  };
  const why = name === 'TimeoutError' ? 'no answer in time' : (cause?.code ?? cause?.message ?? message);
  return new CliError(
    'CLI_SERVER_UNREACHABLE',
    `The server at ${new URL(options.url).origin} does not answer (${why})`,
    {
      cause: error,
    },
  );
}
