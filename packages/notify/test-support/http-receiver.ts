import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ReceiverMood } from '@slipway/ports/contract';

/** What came in at one request. */
export interface TakenPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver of posts on the loopback. */
export interface HttpReceiver {
  readonly url: URL;
  readonly taken: TakenPost[];
  /** Every request, refused ones too. */
  readonly asked: string[];
  mood: ReceiverMood | 'elsewhere' | 'slow-down' | 'endless';
  close(): Promise<void>;
}

/** @param path - stands for the credential that chats have in their URL. */
export async function startHttpReceiver(path: string): Promise<HttpReceiver> {
  const receiver = { mood: 'take' as HttpReceiver['mood'], taken: [] as TakenPost[], asked: [] as string[] };
  const statuses: Readonly<Record<string, number>> = {
    unauthorised: 403,
    refuse: 422,
    elsewhere: 307,
    'slow-down': 429,
  };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { mood } = receiver;
      receiver.asked.push(request.url ?? '');
      if (mood === 'silent') return;
      if (mood === 'away') {
        request.socket.destroy();
        return;
      }
      const status = statuses[mood] ?? 200;
      if (status === 307) response.setHeader('location', '/elsewhere');
      if (status === 429) response.setHeader('retry-after', '7');
      if (status === 200) receiver.taken.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(status);
      if (mood === 'endless') {
        const pour = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', pour);
        response.on('error', () => undefined);
        pour();
      } else response.end('a test says so');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: new URL(`http://127.0.0.1:${port}${path}`),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
