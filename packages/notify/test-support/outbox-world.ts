import type { NotificationDelivery, NotificationKind, Role } from '@slipway/domain';
import { notify, type Notifier } from '@slipway/ports';
import { plainSigner } from '@slipway/ports/contract';
import { createStore, type OpenStore } from '@slipway/store';
import { EffectLog, startThrowawayDatabase } from '@slipway/testkit';
import { drainChannel } from '../src/drain-channel.ts';
import { recordChannels } from '../src/record-channels.ts';

/** An outbox over a real store. */
export interface OutboxWorld {
  readonly store: OpenStore;
  readonly databaseUrl: string;
  readonly effects: EffectLog;
  readonly clock: { now: string };
  person(id: string, roles?: readonly Role[], emails?: readonly string[]): Promise<void>;
  /** Configures these channels for all kinds. */
  channels(...notifiers: readonly Notifier[]): Promise<void>;
  /** Tells people by id. */
  tell(id: string, accounts: readonly string[], kind?: NotificationKind): Promise<void>;
  /** One pass over a channel; returns milliseconds until there may be more to do. */
  drain(notifier: Notifier, checkpoint?: (name: string) => Promise<void>): Promise<number | undefined>;
  /** Passes and moves the clock until nothing waits. */
  drainAll(notifier: Notifier, mostPasses?: number): Promise<void>;
  deliveries(): Promise<readonly NotificationDelivery[]>;
  close(): Promise<void>;
}

export async function openOutboxWorld(): Promise<OutboxWorld> {
  const database = await startThrowawayDatabase();
  const clock = { now: '2026-01-02T00:00:00.000Z' };
  const effects = new EffectLog();
  const store = await createStore({ url: database.url, signer: plainSigner, effects, clock: () => clock.now });
  const world: OutboxWorld = {
    store,
    databaseUrl: database.url,
    effects,
    clock,
    async person(id, roles = ['developer'], emails = [`${id}@example.test`]) {
      await store.transact((tx) =>
        tx.put('account', id, {
          id,
          displayName: id,
          kind: 'person',
          roles,
          verifiedEmails: emails,
          isDisabled: false,
          createdAt: clock.now,
        }),
      );
    },
    channels: (...notifiers) =>
      recordChannels(
        store,
        notifiers.map((notifier) => ({ notifier, kinds: ['failure', 'recovery', 'waiting'] })),
      ),
    tell: (id, accounts, kind = 'failure') =>
      store.transact((tx) =>
        notify(tx, {
          id,
          kind,
          audience: { kind: 'accounts', accounts },
          subject: `subject ${id}`,
          body: 'Its body.',
          link: `/runs/${id}`,
          about: `run/${id}`,
          createdAt: clock.now,
        }),
      ),
    drain: (notifier, checkpoint = () => Promise.resolve()) =>
      drainChannel(
        {
          store,
          notifiers: [notifier],
          now: () => clock.now,
          random: () => 0.5,
          publicUrl: 'https://slipway.test',
          checkpoint,
        },
        notifier.channel,
        new AbortController().signal,
      ),
    async drainAll(notifier, mostPasses = 50) {
      for (let pass = 0; pass < mostPasses; pass += 1) {
        const waitMs = await world.drain(notifier);
        if (waitMs === undefined) return;
        clock.now = new Date(Date.parse(clock.now) + waitMs).toISOString();
      }
    },
    deliveries: async () => (await store.list('notificationDelivery')).map((stored) => stored.value),
    async close() {
      await store.close();
      await database.stop();
    },
  };
  return world;
}
