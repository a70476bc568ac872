import type { NotificationChannelsView } from '@slipway/api';
import type { NotificationChannel } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';

const mostCounted = 10_000;
const shownGivenUp = 10;

type View = NotificationChannelsView['channels'][number];

/** Every channel there is or was, with its queue. Mail addresses stay inside. */
export async function channelViews(reader: RecordReader): Promise<View[]> {
  const channels = await reader.list('notificationChannel');
  return Promise.all(channels.map(({ value }) => channelView(reader, value)));
}

async function channelView(reader: RecordReader, channel: NotificationChannel): Promise<View> {
  const { id, isEnabled, kinds, ...rest } = channel;
  const match = { channel: id };
  const [waiting, givenUp] = await Promise.all([
    reader.list('notificationDelivery', { match: { ...match, isOver: false }, limit: mostCounted }),
    reader.list('notificationDelivery', {
      match: { ...match, phase: 'given-up' },
      newestFirst: true,
      limit: mostCounted,
    }),
  ]);
  const oldest = waiting[0]?.value.createdAt;
  const failing = channel.failingSince === undefined ? 'working' : 'failing';
  return {
    id,
    ...rest,
    kinds: [...kinds],
    state: isEnabled ? failing : 'off',
    waiting: waiting.length,
    ...(oldest === undefined ? {} : { oldestWaitingSince: oldest }),
    givenUp: givenUp.length,
    lastGivenUp: givenUp.slice(0, shownGivenUp).map(({ value }) => ({
      notification: value.notification,
      ...(value.account === undefined ? {} : { account: value.account }),
      attempts: value.attempt,
      why: value.lastError ?? '',
      ...(value.finishedAt === undefined ? {} : { at: value.finishedAt }),
    })),
  };
}
