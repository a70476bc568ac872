import { notifyOutcome } from '@slipway/ports';
import { MemoryNotifier, startThrowawayDatabase, type ThrowawayDatabase } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MailServer, startMailServer } from '../test-support/mail-server.ts';
import { openOutboxWorld, type OutboxWorld } from '../test-support/outbox-world.ts';
import { createMailNotifier } from './create-mail-notifier.ts';

let world: OutboxWorld;
let notifier: MemoryNotifier;
/** Keeps the database server up between tests. */
let held: ThrowawayDatabase;

beforeAll(async () => {
  held = await startThrowawayDatabase();
});

afterAll(() => held.stop());

beforeEach(async () => {
  world = await openOutboxWorld();
  notifier = new MemoryNotifier('mail');
  await world.channels(notifier);
  for (const id of ['ada', 'ben']) await world.person(id);
});

afterEach(() => world.close());

const subjects = (): readonly string[] => notifier.taken.map(({ to, subject }) => `${to ?? ''}: ${subject}`);

describe('notify', () => {
  it('writes inbox items and deliveries of one notification once, with an effect for each channel', async () => {
    await world.person('no-mail', ['developer'], []);
    for (let time = 0; time < 2; time += 1) await world.tell('one', ['ada', 'no-mail', 'policy']);

    const inbox = (await world.store.list('inboxItem')).map(({ value }) => [value.account, value.kind, value.subject]);
    expect(inbox).toEqual([
      ['ada', 'failure', 'subject one'],
      ['no-mail', 'failure', 'subject one'],
    ]);
    expect(await world.deliveries()).toMatchObject([{ id: 'one/mail/ada', address: 'ada@example.test' }]);
    expect(world.effects.take()).toEqual([
      { kind: 'notify.send', key: 'notify/one/mail', payload: { channel: 'mail' } },
    ]);
  });

  it('writes nothing when its transaction fails', async () => {
    const failing = world.store.transact(async (tx) => {
      const notice = { id: 'one', link: '/runs/one', about: 'run/one', body: '', createdAt: world.clock.now };
      const subjects = { failure: 'failed', recovery: 'recovered' };
      await notifyOutcome(
        tx,
        { subject: 'pipeline/x', isSuccess: false, order: '1', concerned: ['ada'] },
        { ...notice, subjects },
      );
      throw new Error('the transition failed');
    });

    await expect(failing).rejects.toThrow('the transition failed');
    for (const noun of ['trouble', 'notification', 'inboxItem', 'notificationDelivery'] as const)
      expect(await world.store.list(noun)).toEqual([]);
    expect(world.effects.take()).toEqual([]);
  });

  it('writes one delivery for a channel with one address, and none for one that takes no such kind', async () => {
    await world.channels(new MemoryNotifier('slack'));
    await world.tell('one', ['ada', 'ben']);

    expect(await world.deliveries()).toMatchObject([{ id: 'one/slack', channel: 'slack' }]);
  });
});

describe('drainChannel', () => {
  it('sends each message once, to each person in order, with a link that leads back', async () => {
    await world.tell('one', ['ada', 'ben']);
    await world.tell('two', ['ada']);

    await Promise.all([world.drain(notifier), world.drain(notifier)]);
    await world.drain(notifier);

    expect([...subjects()].sort()).toEqual([
      'ada@example.test: subject one',
      'ada@example.test: subject two',
      'ben@example.test: subject one',
    ]);
    expect(subjects().filter((line) => line.startsWith('ada'))[0]).toContain('one');
    expect(notifier.taken[0]?.url).toBe('https://slipway.test/runs/one');
    expect((await world.deliveries()).map(({ phase, attempt }) => [phase, attempt])).toEqual([
      ['sent', 1],
      ['sent', 1],
      ['sent', 1],
    ]);
  });

  it('shows a channel that fails, probes it with one message at a time, and delivers all when it is back', async () => {
    notifier.fails = 'NOTIFY_UNREACHABLE';
    for (const id of ['one', 'two', 'three']) await world.tell(id, ['ada', 'ben']);
    const pauses: number[] = [];
    for (let pass = 0; pass < 6; pass += 1) {
      const waitMs = (await world.drain(notifier)) ?? 0;
      pauses.push(waitMs);
      world.clock.now = new Date(Date.parse(world.clock.now) + waitMs).toISOString();
    }

    expect(notifier.tried).toHaveLength(6);
    expect(pauses).toEqual([1_500, 3_000, 6_000, 12_000, 24_000, 48_000]);
    expect((await world.store.get('notificationChannel', 'mail'))?.value).toMatchObject({
      failures: 6,
      failingSince: '2026-01-02T00:00:00.000Z',
      lastError: 'A test says so.',
    });

    notifier.fails = undefined;
    await world.drainAll(notifier);

    const order = (who: string): readonly string[] => subjects().filter((line) => line.startsWith(who));
    expect(order('ada').map((line) => line.split(' ').at(-1))).toEqual(['one', 'two', 'three']);
    expect(order('ben').map((line) => line.split(' ').at(-1))).toEqual(['one', 'two', 'three']);
    expect((await world.store.get('notificationChannel', 'mail'))?.value).not.toHaveProperty('failingSince');
  });

  it('gives up what is refused for good and goes on with the next', async () => {
    notifier.fails = 'NOTIFY_REFUSED';
    await world.tell('one', ['ada']);
    await world.drain(notifier);
    notifier.fails = undefined;
    await world.tell('two', ['ada']);
    await world.drain(notifier);

    expect(await world.deliveries()).toMatchObject([
      { phase: 'given-up', lastError: 'A test says so.' },
      { phase: 'sent' },
    ]);
  });

  it('leaves a message as it was when it is stopped in the middle of it', async () => {
    await world.tell('one', ['ada']);
    const ending = new AbortController();
    const slow = {
      channel: 'mail' as const,
      target: 'memory',
      close: () => Promise.resolve(),
      send: () => {
        ending.abort();
        return Promise.reject(new Error('ended'));
      },
    };
    const { drainChannel } = await import('./drain-channel.ts');
    const services = { store: world.store, notifiers: [slow], now: () => world.clock.now, random: () => 0 };
    const checkpoint = (): Promise<void> => Promise.resolve();
    await drainChannel({ ...services, publicUrl: '', checkpoint }, 'mail', ending.signal);

    expect(await world.deliveries()).toMatchObject([{ phase: 'waiting' }]);
    expect((await world.store.get('notificationChannel', 'mail'))?.value.failures).toBe(0);
  });

  it('keeps what waits in a channel that is no longer configured', async () => {
    await world.tell('one', ['ada']);
    await world.channels();
    await world.drain(notifier);
    await world.tell('two', ['ada']);
    expect(notifier.taken).toEqual([]);

    await world.channels(notifier);
    await world.drain(notifier);

    expect(subjects()).toEqual(['ada@example.test: subject one']);
  });
});

describe('a mail server that is dead for a while', () => {
  it('gets everything once, in order for each person, when it lives again', async () => {
    let server: MailServer = await startMailServer();
    const { port } = server;
    await server.close();
    const url = new URL(`smtp://127.0.0.1:${port}`);
    const mail = createMailNotifier({ url, from: 'slipway@example.test', timeoutMs: 5_000 });
    const ids = ['one', 'two', 'three', 'four'];
    for (const id of ids) await world.tell(id, ['ada', 'ben']);
    for (let pass = 0; pass < 3; pass += 1) await world.drainAll(mail, 1);
    expect((await world.store.get('notificationChannel', 'mail'))?.value.lastError).toContain(`127.0.0.1:${port}`);

    server = await startMailServer({ port });
    await world.drainAll(mail);
    await server.close();

    for (const who of ['ada@example.test', 'ben@example.test']) {
      const got = server.taken.filter(({ to }) => to.includes(who)).map(({ headers }) => headers.get('subject'));
      expect(got).toEqual(ids.map((id) => `subject ${id}`));
    }
    expect(new Set(server.taken.map(({ headers }) => headers.get('message-id'))).size).toBe(8);
  });
});
