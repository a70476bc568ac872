/** The api did not answer, or not as agreed. */
export class ApiError extends Error {
  name = 'ApiError';
}

/**
 * @param {string} baseUrl - such as `http://127.0.0.1:8081`.
 * @param {number} timeoutMs - for each request.
 */
export function apiClient(baseUrl, timeoutMs) {
  async function call(path, init = {}) {
    try {
      const response = await fetch(new URL(path, baseUrl), {
        ...init,
        // A connection for each request: a Service spreads connections over its pods, not requests.
        headers: { ...init.headers, connection: 'close' },
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status >= 500) throw new Error(`status ${response.status}`);
      return { status: response.status, body: await response.json() };
    } catch (cause) {
      throw new ApiError(`The api did not answer ${path}`, { cause });
    }
  }

  return {
    /** Newest first; of one author only when given. */
    async list(author) {
      const query = author === undefined ? '' : `?${new URLSearchParams({ author })}`;
      return (await call(`/entries${query}`)).body.entries;
    },
    /** @returns the faults by field; none when the entry was taken. */
    async add(entry) {
      const headers = { 'content-type': 'application/json' };
      const { status, body } = await call('/entries', { method: 'POST', headers, body: JSON.stringify(entry) });
      return status === 201 ? {} : (body.faults ?? { entry: 'This entry was not taken' });
    },
  };
}
