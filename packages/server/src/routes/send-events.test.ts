import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EventStream, sendEvents } from './send-events.ts';

let app: FastifyInstance;
let arrived: Promise<void>;
let goOn: () => void;
let opened: Promise<EventStream>;
beforeEach(async () => {
  app = fastify();
  let arrive = (): void => undefined;
  let open: (stream: EventStream) => void = () => undefined;
  arrived = new Promise((resolve) => (arrive = resolve));
  opened = new Promise((resolve) => (open = resolve));
  const waiting = new Promise<void>((resolve) => (goOn = resolve));
  app.get('/', async (request, reply) => {
    arrive();
    await waiting;
    open(sendEvents(request, reply));
    return reply;
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

function ask(): ReturnType<typeof connect> {
  const { port } = app.server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  return client;
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

it('leaves nothing that keeps the process alive when its client was gone before it began', async () => {
  const client = ask();
  await arrived;
  const before = timers();
  client.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  goOn();

  const stream = await opened;

  await new Promise<void>((resolve) => stream.onClose(resolve));
  expect(timers()).toBeLessThanOrEqual(before);
});

it('says that its client is gone, once', async () => {
  const client = ask();
  goOn();
  const stream = await opened;
  let count = 0;
  const gone = new Promise<void>((resolve) =>
    stream.onClose(() => {
      count += 1;
      resolve();
    }),
  );

  client.destroy();
  await gone;

  stream.onClose(() => (count += 10));
  expect(count).toBe(11);
});
