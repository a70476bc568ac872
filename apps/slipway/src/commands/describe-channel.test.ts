import { describe, expect, it } from 'vitest';
import { describeChannel } from './describe-channel.ts';
import { judgeChannel } from './doctor-action.ts';

const channel = {
  id: 'mail',
  target: 'mail.test:587',
  kinds: ['failure'],
  state: 'working',
  failures: 0,
  waiting: 0,
  givenUp: 0,
  lastGivenUp: [],
} as const;
const view = (change: Partial<Parameters<typeof describeChannel>[0]> = {}): Parameters<typeof describeChannel>[0] => ({
  ...channel,
  kinds: ['failure'],
  lastGivenUp: [],
  ...change,
});

describe('a channel in words', () => {
  it('says that it works', () => {
    expect(describeChannel(view())).toBe('mail works by mail.test:587');
    expect(judgeChannel(view())).toMatchObject({ name: 'notifications', state: 'ok' });
  });

  it('says since when it fails, why, and what waits', () => {
    const failing = view({
      state: 'failing',
      failingSince: '2026-01-02T00:00:00.000Z',
      lastError: 'mail.test gave no answer.',
      waiting: 3,
    });

    expect(describeChannel(failing)).toBe(
      'mail fails by mail.test:587 since 2026-01-02T00:00:00.000Z (mail.test gave no answer), 3 waiting',
    );
    expect(judgeChannel(failing).state).toBe('weak');
  });

  it('says why the last message was given up', () => {
    const one = view({ givenUp: 1, lastGivenUp: [{ notification: 'x', attempts: 1, why: 'No such user.' }] });

    expect(judgeChannel(one)).toMatchObject({ state: 'weak', next: 'The last one: No such user.' });
  });
});
