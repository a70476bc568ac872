/** Where the services answer; a verification gets `host:port` of each by environment. */
function addressOf(service, fallback) {
  return `http://${process.env[`${service.toUpperCase()}_ADDRESS`] ?? fallback}`;
}

export const web = addressOf('web', '127.0.0.1:8080');
export const api = addressOf('api', '127.0.0.1:8081');
export const store = addressOf('store', '127.0.0.1:8082');

const timeoutMs = 10_000;

/** A request that does not follow redirects and gives up in time. */
export function request(base, path, init = {}) {
  return fetch(new URL(path, base), { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs), ...init });
}
