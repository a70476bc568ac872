import { notifierContract } from '@slipway/ports/contract';
import { MemoryNotifier } from './memory-notifier.ts';

const codes = {
  take: undefined,
  away: 'NOTIFY_UNREACHABLE',
  silent: 'NOTIFY_UNREACHABLE',
  unauthorised: 'NOTIFY_UNAUTHORISED',
  defer: 'NOTIFY_DEFERRED',
  refuse: 'NOTIFY_REFUSED',
} as const;

notifierContract(
  'memory',
  () => {
    const notifier = new MemoryNotifier();
    return Promise.resolve({
      notifier,
      received: () =>
        notifier.taken.map(({ id, to, subject, body, url }) => ({
          key: id,
          to: to === undefined ? [] : [to],
          text: [subject, body, url].join('\n'),
        })),
      set: (mood) => {
        notifier.fails = codes[mood];
      },
      secret: 'there is none',
      close: () => notifier.close(),
    });
  },
  { moods: ['away', 'unauthorised', 'defer', 'refuse'], hasKey: true },
);
