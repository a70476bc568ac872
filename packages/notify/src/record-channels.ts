import { channelKinds, type NotificationKind } from '@slipway/domain';
import type { Notifier, Store } from '@slipway/ports';

/** A channel as it is configured. */
export interface ConfiguredChannel {
  readonly notifier: Notifier;
  readonly kinds: readonly NotificationKind[];
}

/**
 * Keeps which channels there are, so that a transition knows without asking whom to write for. To be called at each start.
 *
 * A channel that is no longer configured keeps what waits in it; configured again it goes on, and at once.
 */
export async function recordChannels(store: Store, configured: readonly ConfiguredChannel[]): Promise<void> {
  await store.transact(async (tx) => {
    for (const id of channelKinds) {
      const known = (await tx.lock('notificationChannel', id))?.value;
      const channel = configured.find(({ notifier }) => notifier.channel === id);
      if (channel !== undefined) {
        // What was wrong before may have been mended: the first message tries.
        const { nextAttemptAt: _due, ...rest } = known ?? { failures: 0 };
        const { kinds, notifier } = channel;
        await tx.put('notificationChannel', id, { ...rest, id, target: notifier.target, kinds, isEnabled: true });
      } else if (known?.isEnabled === true) {
        await tx.put('notificationChannel', id, { ...known, isEnabled: false });
      }
    }
  });
}
