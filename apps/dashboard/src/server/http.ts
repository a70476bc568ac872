import type { Problem } from '@slipway/api';
import { DashboardError, dashboardError } from './dashboard-error.ts';

/** Asks the server; same origin, the session cookie goes along. Every answer that is not a success throws {@link DashboardError}. */
export interface Http {
  /** GET; ends after 20 seconds. */
  readonly read: <Answer>(path: string, signal?: AbortSignal) => Promise<Answer>;
  /** POST with a JSON body; ends after 60 seconds. */
  readonly send: <Answer>(path: string, body?: unknown) => Promise<Answer>;
  readonly remove: (path: string) => Promise<void>;
  /** GET of a text stream that may last as long as a stage; the caller bounds and ends it. */
  readonly stream: (path: string, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
}

const readTimeoutMs = 20_000;
const sendTimeoutMs = 60_000;

/** @param fetch - injected for tests; the browser's own otherwise. */
export function createHttp(fetch: typeof globalThis.fetch): Http {
  async function ask(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(path, { credentials: 'same-origin', ...init }).catch((cause: unknown) => {
      if (init.signal?.aborted === true && !isTimeout(init.signal)) throw cause;
      throw dashboardError('DASHBOARD_SERVER_UNREACHABLE', 'The server did not answer.', { cause, status: 0 });
    });
    if (!response.ok) throw await parseRefusal(response);
    return response;
  }
  return {
    read: async (path, signal) => {
      const timeout = AbortSignal.timeout(readTimeoutMs);
      const both = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      return parseAnswer(await ask(path, { headers: { accept: 'application/json' }, signal: both }));
    },
    send: async (path, body) => {
      const headers = { accept: 'application/json', 'content-type': 'application/json' };
      const signal = AbortSignal.timeout(sendTimeoutMs);
      return parseAnswer(await ask(path, { method: 'POST', headers, signal, body: JSON.stringify(body ?? {}) }));
    },
    remove: async (path) => {
      await ask(path, { method: 'DELETE', signal: AbortSignal.timeout(sendTimeoutMs) });
    },
    stream: async (path, signal) => {
      const { body } = await ask(path, { headers: { accept: 'text/plain' }, signal });
      return body ?? new Blob([]).stream();
    },
  };
}

function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
}

/** The page and the server are one release: the shapes of `@slipway/api` are taken at their word, broken JSON is not. */
async function parseAnswer<Answer>(response: Response): Promise<Answer> {
  if (response.status === 204) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch (cause) {
    throw dashboardError('DASHBOARD_ANSWER_UNREADABLE', 'The server’s answer is not JSON.', {
      cause,
      status: response.status,
    });
  }
}

async function parseRefusal(response: Response): Promise<DashboardError> {
  const status = response.status;
  const body: unknown = await response.json().catch(() => undefined);
  if (isProblem(body)) return new DashboardError({ problem: body, status });
  return dashboardError('DASHBOARD_ANSWER_UNREADABLE', `The server refused with status ${status} and no reason.`, {
    status,
  });
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    typeof body.code === 'string' &&
    'message' in body &&
    typeof body.message === 'string'
  );
}
