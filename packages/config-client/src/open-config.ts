import { setTimeout as sleep } from 'node:timers/promises';
import { readCache, writeCache } from './cache-file.ts';
import { type Config, type KeptAnswer, maxBodyBytes, parseConfig, sayTheSame } from './config.ts';
import { readEvents } from './read-events.ts';

export interface ConfigOptions {
  /** Of the Slipway server, such as `http://127.0.0.1:7780`; in a pod of the local runtime from `SLIPWAY_CONFIG_SERVICE_HOST/_PORT`. */
  readonly url: string;
  readonly application: string;
  /** Name of the environment. */
  readonly profile: string;
  /** Of `slipway config token`. */
  readonly token: string;
  /** Where the last good answer is kept, for when the server is away. @default nothing is kept */
  readonly cacheFile?: string;
  /** How changes are heard of: a stream of events, or long polls where a proxy swallows streams. @default events */
  readonly transport?: 'events' | 'poll';
  /** Milliseconds that the start waits for the server before the cache answers. @default 5000 */
  readonly startTimeoutMs?: number;
  /** What went wrong and was coped with: the server away, an answer that is none. @default nobody is told */
  readonly onProblem?: (problem: Error) => void;
}

/** An application's settings, kept up to date while the process runs. */
export interface LiveConfig {
  /** The last good config; it never gets worse because the server does. */
  current(): Config;
  /** Called after each change of values; returns the unsubscriber. What a listener throws goes to `onProblem`. */
  onChange(listener: (config: Config, before: Config) => void): () => void;
  /** Ends all waiting; the last config stays readable. */
  close(): Promise<void>;
}

const firstPauseMs = 250;
const longestPauseMs = 15_000;
const pollSeconds = 30;
/** The server sends a comment every 15 s. */
const silentAfterMs = 45_000;

/**
 * Opens an application's config: from the server, or from the cache when that does not answer in time.
 *
 * @throws Error when neither has a config that holds.
 */
export async function openConfig(options: ConfigOptions): Promise<LiveConfig> {
  const client = new ConfigClient(options);
  await client.start();
  return client;
}

class ConfigClient implements LiveConfig {
  readonly #options: ConfigOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(config: Config, before: Config) => void>();
  #config: Config | undefined;
  #etag: string | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(options: ConfigOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    let problem: unknown;
    const limit = this.#limit(this.#options.startTimeoutMs ?? 5_000);
    try {
      await this.#take(await this.#ask(limit.signal), 'network');
    } catch (error) {
      problem = error;
      this.#tell(error);
      await this.#takeCache();
    } finally {
      limit.clear();
    }
    if (this.#config === undefined)
      throw new Error('There is no config: the server gave none, and none is kept', { cause: problem });
    this.#following = this.#follow();
  }

  current(): Config {
    if (this.#config === undefined) throw new Error('The config is not open');
    return this.#config;
  }

  onChange(listener: (config: Config, before: Config) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  async #takeCache(): Promise<void> {
    const { cacheFile } = this.#options;
    const kept = cacheFile === undefined ? undefined : await readCache(cacheFile);
    if (kept === undefined) return;
    await this.#take(kept, 'cache').catch((error: unknown) => this.#tell(error));
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Hears of changes until closed; whatever breaks is tried again after a growing pause with jitter. */
  async #follow(): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted; ) {
      try {
        if (this.#options.transport === 'poll') await this.#poll();
        else await this.#listen(() => (failures = 0));
        failures = 0;
      } catch (error) {
        if (this.#isClosed()) return;
        this.#tell(error);
        failures += 1;
        const longestMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 8));
        const pauseMs = longestMs / 2 + (Math.random() * longestMs) / 2;
        await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  async #poll(): Promise<void> {
    const limit = this.#limit((pollSeconds + 15) * 1_000);
    try {
      const answer = await this.#ask(limit.signal, `?wait=${pollSeconds}s`);
      if (answer !== undefined) await this.#take(answer, 'network');
    } finally {
      limit.clear();
    }
  }

  async #listen(worked: () => void): Promise<void> {
    const limit = this.#limit(silentAfterMs);
    try {
      const { signal, renew: alive } = limit;
      const response = await this.#fetch(signal, '', { accept: 'text/event-stream', ...this.#known('last-event-id') });
      if (!isOf(response, 'text/event-stream')) throw new Error('the server answered with no event stream');
      for await (const event of readEvents(chunksOf(response, signal), { maxBytes: maxBodyBytes, alive })) {
        worked();
        if (event.name === 'config') await this.#take({ etag: event.id, body: event.data }, 'network');
      }
      throw new Error('the server ended the stream');
    } finally {
      limit.clear();
    }
  }

  /** Ends a call when nothing happens for so long, or at close. Held by the closing signal: Node 20 forgets `AbortSignal.any`. */
  #limit(ms: number): { readonly signal: AbortSignal; readonly renew: () => void; readonly clear: () => void } {
    const ending = new AbortController();
    const closing = this.#closing.signal;
    const end = (): void => ending.abort(new Error('the config client is closed'));
    const silent = (): void => ending.abort(new Error('the server does not answer'));
    closing.addEventListener('abort', end);
    if (closing.aborted) end();
    let timer = setTimeout(silent, ms);
    const renew = (): void => {
      clearTimeout(timer);
      timer = setTimeout(silent, ms);
    };
    const clear = (): void => {
      clearTimeout(timer);
      closing.removeEventListener('abort', end);
    };
    return { signal: ending.signal, renew, clear };
  }

  /** @returns absent when nothing is newer than what we have. */
  async #ask(signal: AbortSignal, query = ''): Promise<KeptAnswer | undefined> {
    const response = await this.#fetch(signal, query, { accept: 'application/json', ...this.#known('if-none-match') });
    if (response.status === 304) return undefined;
    const etag = response.headers.get('etag');
    if (!isOf(response, 'application/json') || etag === null)
      throw new Error('what answers there is not the config endpoint');
    return { etag, body: await readBounded(response, signal) };
  }

  /** What the cache says is asked for again: only the server's own word makes it current. */
  #known(header: string): Readonly<Record<string, string>> {
    return this.#etag === undefined || this.#config?.source === 'cache' ? {} : { [header]: this.#etag };
  }

  async #fetch(signal: AbortSignal, query: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { application, profile, token, url } = this.#options;
    const at = new URL(
      `/config/${encodeURIComponent(application)}/${encodeURIComponent(profile)}/current${query}`,
      url,
    );
    // The token goes to one server only.
    const response = await fetch(at, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      redirect: 'error',
      signal,
    });
    if (response.ok || response.status === 304) return response;
    await response.body?.cancel();
    throw new Error(`the config endpoint answered ${response.status}`);
  }

  /** Takes an answer over if it holds: only then is it in force, and kept. */
  async #take(answer: KeptAnswer | undefined, source: Config['source']): Promise<void> {
    if (answer === undefined) return;
    const { application, profile, cacheFile } = this.#options;
    if (!/^"[\x21\x23-\x7e]*"$/.test(answer.etag)) throw new Error('the answer has no strong ETag');
    const before = this.#config;
    const config = parseConfig(answer.body, { application, profile, source });
    this.#config = config;
    this.#etag = answer.etag;
    if (before !== undefined && !sayTheSame(before, config)) this.#announce(config, before);
    if (source === 'network' && cacheFile !== undefined)
      await writeCache(cacheFile, answer).catch((error: unknown) => this.#tell(error));
  }

  #announce(config: Config, before: Config): void {
    for (const listener of this.#listeners) {
      try {
        listener(config, before);
      } catch (error) {
        this.#tell(error);
      }
    }
  }

  #tell(error: unknown): void {
    this.#options.onProblem?.(error instanceof Error ? error : new Error(String(error)));
  }
}

function isOf(response: Response, type: string): boolean {
  return response.headers.get('content-type')?.split(';')[0]?.trim() === type;
}

/** The body as it comes; an abort ends it at once, whatever the fetch behind it makes of the signal. */
async function* chunksOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('the answer has no body');
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel);
  try {
    for (;;) {
      signal.throwIfAborted();
      const read: { readonly done: boolean; readonly value?: Uint8Array | undefined } = await reader.read();
      if (read.done || read.value === undefined) break;
      yield read.value;
    }
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

async function readBounded(response: Response, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response, signal)) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
