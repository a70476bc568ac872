import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseNotificationSettings } from '@slipway/config';
import { notify } from '@slipway/ports';
import { plainSigner } from '@slipway/ports/contract';
import { createStore } from '@slipway/store';
import { EffectLog, startThrowawayDatabase, unreached } from '@slipway/testkit';
import pino from 'pino';
import { afterEach, expect, it } from 'vitest';
import { startNotifications } from './notification-side.ts';
import type { UseCases } from './use-cases.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A receiver of posts; `next` resolves with the body of the next one. */
async function startReceiver(): Promise<{ readonly url: string; next(): Promise<string> }> {
  const bodies: string[] = [];
  const readers: ((body: string) => void)[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const reader = readers.shift();
      if (reader === undefined) bodies.push(body);
      else reader(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    next: () => {
      const body = bodies.shift();
      return body === undefined ? new Promise((resolve) => readers.push(resolve)) : Promise.resolve(body);
    },
  };
}

it('sends what an earlier life left, and what is told while it runs as soon as it is woken', async () => {
  const receiver = await startReceiver();
  const database = await startThrowawayDatabase();
  closing.push(() => database.stop());
  const now = (): string => new Date().toISOString();
  const store = await createStore({ url: database.url, signer: plainSigner, effects: new EffectLog(), clock: now });
  closing.push(() => store.close());
  const cases: UseCases = {
    ...{ review: unreached('review'), delivery: unreached('delivery'), log: unreached('log') },
    pipeline: Object.assign(Object.create(null) as UseCases['pipeline'], { store, now }),
    channels: { wake: () => undefined },
  };
  const settings = parseNotificationSettings({
    SLIPWAY_SLACK_URL: receiver.url,
    SLIPWAY_SLACK_KINDS: 'failure',
    SLIPWAY_PUBLIC_URL: 'https://slipway.test',
  });
  const start = (): ReturnType<typeof startNotifications> =>
    startNotifications({
      ...{ settings, cases, url: 'http://127.0.0.1:1' },
      checkpoint: () => Promise.resolve(),
      log: pino({ enabled: false }),
    });
  const tell = (id: string, kind: 'failure' | 'waiting'): Promise<void> =>
    store.transact((tx) =>
      notify(tx, {
        ...{ id, kind, subject: `subject ${id}`, body: '', link: `/runs/${id}`, about: `run/${id}` },
        audience: { kind: 'accounts', accounts: ['ada'] },
        createdAt: now(),
      }),
    );
  await store.transact((tx) =>
    tx.put('account', 'ada', {
      ...{ id: 'ada', displayName: 'Ada', kind: 'person', roles: [], verifiedEmails: [], isDisabled: false },
      createdAt: now(),
    }),
  );

  await (await start()).stop();
  await tell('left', 'failure');
  await tell('unwanted', 'waiting');
  const side = await start();
  closing.push(() => side.stop());
  const left = await receiver.next();
  await tell('fresh', 'failure');
  cases.channels.wake('slack');
  cases.channels.wake('mail');

  expect(left).toContain('subject left');
  expect(left).toContain('https://slipway.test/runs/left');
  expect(await receiver.next()).toContain('subject fresh');
});
