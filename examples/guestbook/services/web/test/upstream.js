import { once } from 'node:events';
import { createServer } from 'node:http';

/** A server on a free loopback port that answers by `respond(request) -> { status, body, delayMs }` and remembers requests. */
export async function startUpstream(respond) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const seen = { method: request.method, url: request.url, headers: request.headers, body };
    requests.push(seen);
    const answer = { status: 200, delayMs: 0, ...respond(seen) };
    setTimeout(() => {
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    }, answer.delayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
