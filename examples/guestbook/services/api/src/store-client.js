/** The store did not answer, or not as agreed. */
export class StoreError extends Error {
  name = 'StoreError';
}

/**
 * @param {string} baseUrl - such as `http://127.0.0.1:8082`.
 * @param {number} timeoutMs - for each request.
 */
export function storeClient(baseUrl, timeoutMs) {
  async function call(path, init = {}) {
    try {
      const response = await fetch(new URL(path, baseUrl), {
        ...init,
        // A connection for each request: a Service spreads connections over its pods, not requests.
        headers: { ...init.headers, connection: 'close' },
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return await response.json();
    } catch (cause) {
      throw new StoreError(`The store did not answer ${path}`, { cause });
    }
  }

  return {
    async list(author) {
      const query = author === undefined ? '' : `?${new URLSearchParams({ author })}`;
      return (await call(`/entries${query}`)).entries;
    },
    add(entry) {
      const headers = { 'content-type': 'application/json' };
      return call('/entries', { method: 'POST', headers, body: JSON.stringify(entry) });
    },
  };
}
