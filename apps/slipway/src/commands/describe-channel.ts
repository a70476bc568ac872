import type { NotificationChannelsView } from '@slipway/api';

/** A channel in a few words: whether it works, since when not and why, what waits and what was given up. */
export function describeChannel(channel: NotificationChannelsView['channels'][number]): string {
  const { id, target, state, failingSince, lastError, waiting, givenUp } = channel;
  const why = lastError === undefined ? '' : ` (${lastError.replace(/\.$/, '')})`;
  const does: Readonly<Record<typeof state, string>> = {
    working: `works by ${target}`,
    failing: `fails by ${target} since ${failingSince ?? 'now'}${why}`,
    off: 'is off',
  };
  const queue = [...(waiting === 0 ? [] : [`${waiting} waiting`]), ...(givenUp === 0 ? [] : [`${givenUp} given up`])];
  return [`${id} ${does[state]}`, ...queue].join(', ');
}
