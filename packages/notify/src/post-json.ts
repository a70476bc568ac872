import { NotifyError } from '@slipway/ports';

/** A JSON document for a URL that somebody configured. The URL may be a credential: it stands in no error. */
export interface JsonPost {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const mostAnswerBytes = 2_000;

/**
 * Posts once, to that URL and no other: a redirection is an answer like any other that is none of ours.
 *
 * @throws {@link NotifyError}
 */
export async function postJson(post: JsonPost): Promise<void> {
  const { host } = post.url;
  const timeout = AbortSignal.timeout(post.timeoutMs);
  const signal = post.signal === undefined ? timeout : AbortSignal.any([post.signal, timeout]);
  let status: number;
  let answer = '';
  let retryAfter: string | null;
  try {
    const response = await fetch(post.url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': 'slipway', ...post.headers },
      body: post.body,
      signal,
    });
    ({ status } = response);
    retryAfter = response.headers.get('retry-after');
    answer = await readSome(response);
  } catch (error) {
    throw new NotifyError('NOTIFY_UNREACHABLE', `${host} gave no answer`, {
      facts: { host, reason: timeout.aborted ? 'timeout' : reasonOf(error) },
    });
  }
  if (status >= 200 && status < 300) return;
  throw refusalOf({ host, status, answer, retryAfter });
}

/** The first bytes of an answer; the rest is not read. */
async function readSome(response: Response): Promise<string> {
  const body = response.body as ReadableStream<Uint8Array> | null;
  const reader = body?.getReader();
  if (reader === undefined) return '';
  const parts: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < mostAnswerBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    bytes += value.byteLength;
  }
  await reader.cancel().catch(() => undefined);
  return Buffer.concat(parts).subarray(0, mostAnswerBytes).toString('utf8');
}

function refusalOf(facts: {
  readonly host: string;
  readonly status: number;
  readonly answer: string;
  readonly retryAfter: string | null;
}): NotifyError {
  const { host, status } = facts;
  const said = facts.answer
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 200);
  const what = `${host} answered ${status}${said === '' ? '' : `: ${said}`}`;
  const seconds = Number(facts.retryAfter ?? Number.NaN);
  const pause = Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: Math.round(seconds * 1_000) } : {};
  return new NotifyError(codeOf(status), what, { facts: { host, status, ...pause } });
}

/** A wrong address or credential is the channel's fault, an answer of 400, 413 or 422 that of the one message. */
function codeOf(status: number): NotifyError['code'] {
  if ([401, 403, 404, 410].includes(status)) return 'NOTIFY_UNAUTHORISED';
  const isForNow = status >= 500 || status < 400 || [408, 425, 429].includes(status);
  return isForNow ? 'NOTIFY_UNREACHABLE' : 'NOTIFY_REFUSED';
}

/** The system's code of a failed connection; nothing of the text, which may hold the URL. */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'unknown';
}
