import { describe, expect, it } from 'vitest';
import {
  type AttemptOutcome,
  decideAttempt,
  decideNextAttempt,
  type NotificationChannel,
  type NotificationDelivery,
} from '../index.ts';

const now = '2026-01-02T00:00:00.000Z';
const channel: NotificationChannel = {
  id: 'mail',
  target: 'mail.test',
  kinds: ['failure'],
  isEnabled: true,
  failures: 0,
};
const delivery = (id: string, change: Partial<NotificationDelivery> = {}): NotificationDelivery => ({
  id,
  notification: id,
  channel: 'mail',
  account: 'ada',
  address: 'ada@example.test',
  phase: 'waiting',
  isOver: false,
  attempt: 0,
  createdAt: '2026-01-01T23:59:00.000Z',
  ...change,
});
const failed = (scope: 'channel' | 'message' | 'never', retryAfterMs?: number): AttemptOutcome => ({
  kind: 'failed',
  scope,
  why: 'It says no.',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});
const decide = (
  outcome: AttemptOutcome,
  change: { readonly delivery?: Partial<NotificationDelivery>; readonly channel?: Partial<NotificationChannel> } = {},
): ReturnType<typeof decideAttempt> =>
  decideAttempt({
    delivery: delivery('a', { phase: 'sending', claimedUntil: now, attempt: 1, ...change.delivery }),
    channel: { ...channel, ...change.channel },
    outcome,
    now,
    random: 0,
  });

describe('decideAttempt', () => {
  it('ends a delivery that was sent, and the trouble of its channel', () => {
    const failing = { failures: 3, failingSince: now, nextAttemptAt: now };
    const decided = decide({ kind: 'sent' }, { channel: failing });

    expect(decided.delivery).toMatchObject({ phase: 'sent', isOver: true, finishedAt: now });
    expect(decided.delivery).not.toHaveProperty('claimedUntil');
    expect(decided.channel).toEqual({ ...channel, lastSentAt: now });
  });

  it('marks a channel that fails since the first failure, with growing pauses of which none is longer than ten minutes', () => {
    const first = decide(failed('channel')).channel;
    const later = decide(failed('channel'), { channel: { ...first, failingSince: 'long ago', failures: 40 } }).channel;

    expect(first).toMatchObject({ failures: 1, failingSince: now, nextAttemptAt: '2026-01-02T00:00:01.000Z' });
    expect(first.lastError).toBe('It says no.');
    expect(later).toMatchObject({ failures: 41, failingSince: 'long ago', nextAttemptAt: '2026-01-02T00:05:00.000Z' });
  });

  it('counts what is wrong with one message against that message', () => {
    const decided = decide(failed('message'), { delivery: { attempt: 3 } });

    expect(decided.channel).toEqual(channel);
    expect(decided.delivery).toMatchObject({ phase: 'waiting', nextAttemptAt: '2026-01-02T00:00:04.000Z' });
  });

  it('keeps a pause that was asked for', () => {
    expect(decide(failed('channel', 90_000)).channel.nextAttemptAt).toBe('2026-01-02T00:01:30.000Z');
  });

  it.each<[string, AttemptOutcome, Partial<NotificationDelivery>, string]>([
    ['at once what is refused for good', failed('never'), {}, 'given-up'],
    ['a message that was put off too often', failed('message'), { attempt: 25 }, 'given-up'],
    ['a message of three days ago', failed('channel'), { createdAt: '2025-12-30T00:00:00.000Z' }, 'given-up'],
    ['nothing that waits for a dead channel', failed('channel'), { attempt: 500 }, 'waiting'],
  ])('gives up %s', (_what, outcome, change, phase) => {
    expect(decide(outcome, { delivery: change }).delivery).toMatchObject({ phase, lastError: 'It says no.' });
  });
});

describe('decideNextAttempt', () => {
  const later = '2026-01-02T00:01:00.000Z';

  it('has nothing to do without messages', () => {
    expect(decideNextAttempt(channel, [], now)).toEqual({ kind: 'idle' });
  });

  it.each<[string, Partial<NotificationDelivery>]>([
    ['is being sent', { phase: 'sending', claimedUntil: later }],
    ['waits for its next attempt', { nextAttemptAt: later }],
  ])('lets no message pass an older one to the same person that %s', (_what, change) => {
    const queue = [delivery('a', change), delivery('b')];

    expect(decideNextAttempt(channel, queue, now)).toEqual({ kind: 'wait', at: later });
    expect(decideNextAttempt(channel, [...queue, delivery('c', { account: 'ben' })], now)).toMatchObject({
      kind: 'send',
      delivery: { id: 'c' },
    });
  });

  it('takes up an attempt whose end nobody told', () => {
    const dead = delivery('a', { phase: 'sending', claimedUntil: now });

    expect(decideNextAttempt(channel, [dead], now)).toMatchObject({ kind: 'send', delivery: { id: 'a' } });
  });

  it('tries one message at a time while the channel fails, another one each time', () => {
    const failing = { ...channel, failures: 2 };
    const tried = delivery('a', { attempt: 4 });
    const other = delivery('b', { account: 'ben' });

    expect(decideNextAttempt({ ...failing, nextAttemptAt: later }, [tried, other], now)).toEqual({
      kind: 'wait',
      at: later,
    });
    expect(decideNextAttempt(failing, [tried, other], now)).toMatchObject({ kind: 'send', delivery: { id: 'b' } });
    expect(decideNextAttempt(failing, [{ ...tried, phase: 'sending', claimedUntil: later }, other], now)).toEqual({
      kind: 'wait',
      at: later,
    });
  });
});
