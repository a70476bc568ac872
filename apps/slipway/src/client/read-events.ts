/** One server-sent event. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

const maxEventBytes = 33_554_432;
/** The server says something every 15 s; a silence of this long is a connection that nobody holds any more. */
const silenceMs = 60_000;

/**
 * Reads a stream of server-sent events until it ends or the signal.
 *
 * @throws an Error naming the status when the server refuses it; another one after a minute of silence.
 * @see WHATWG HTML, "Server-sent events".
 */
export async function* readEvents(
  url: string,
  options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): AsyncIterable<ServerEvent> {
  const silence = new AbortController();
  const end = (): void => silence.abort(new Error(`nothing was heard for ${silenceMs} ms`));
  const timer = setTimeout(end, silenceMs);
  try {
    const signal = AbortSignal.any([options.signal, silence.signal]);
    const response = await fetch(url, { headers: { ...options.headers, accept: 'text/event-stream' }, signal });
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
    yield* parseEvents(response.body, () => timer.refresh());
  } finally {
    clearTimeout(timer);
  }
}

async function* parseEvents(body: AsyncIterable<unknown>, onChunk: () => void): AsyncIterable<ServerEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    onChunk();
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > maxEventBytes) throw new Error('an event is larger than its limit');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== undefined) yield event;
    }
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7);
    else if (line.startsWith('data: ')) data.push(line.slice(6));
  }
  return data.length === 0 ? undefined : { name, data: data.join('\n') };
}
