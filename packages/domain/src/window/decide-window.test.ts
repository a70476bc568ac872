import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseName } from '../identity/names.ts';
import { decideWindow, freezesOf } from './decide-window.ts';
import type { Freeze, PromotionWindow } from './promotion-window.ts';

const office: PromotionWindow = {
  kind: 'allow',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  fromMinute: 9 * 60,
  toMinute: 17 * 60,
  timeZone: 'Europe/Zurich',
};
const freeze = (from: string, to: string, change: Partial<Freeze> = {}): Freeze => ({
  id: 'f',
  from,
  to,
  reason: 'year end',
  placedBy: 'root',
  placedAt: from,
  ...change,
});
const decide = (now: string, windows: readonly PromotionWindow[], freezes: readonly Freeze[] = []) =>
  decideWindow({ windows, freezes, now });

describe('decideWindow', () => {
  it('is open where nothing says otherwise, and inside an allow window', () => {
    expect(decide('2026-11-25T03:00:00Z', [])).toEqual({ kind: 'open' });
    expect(decide('2026-11-25T08:00:00Z', [office])).toEqual({ kind: 'open' });
    expect(decide('2026-11-25T15:59:59Z', [office])).toEqual({ kind: 'open' });
  });

  it.each([
    ['before it opens', '2026-11-25T07:59:00Z', '2026-11-25T08:00:00.000Z'],
    ['at its end, until the next day', '2026-11-25T16:00:00Z', '2026-11-26T08:00:00.000Z'],
    ['on Friday evening, until Monday', '2026-11-27T18:00:00Z', '2026-11-30T08:00:00.000Z'],
    ['over the end of summer time, by the clock on the wall', '2026-10-23T15:30:00Z', '2026-10-26T08:00:00.000Z'],
    ['over the start of summer time', '2026-03-27T16:30:00Z', '2026-03-30T07:00:00.000Z'],
  ])('is closed %s and says until when', (_name, now, until) => {
    expect(decide(now, [office])).toMatchObject({ kind: 'closed', until });
  });

  it('opens at the jump when its hour is skipped, and twice when it is repeated', () => {
    const night: PromotionWindow = { ...office, days: ['sun'], fromMinute: 150, toMinute: 210 };

    expect(decide('2026-03-29T00:30:00Z', [night])).toMatchObject({ until: '2026-03-29T01:00:00.000Z' });
    expect(decide('2026-03-29T01:10:00Z', [night])).toEqual({ kind: 'open' });
    expect(decide('2026-10-25T00:45:00Z', [night])).toEqual({ kind: 'open' });
    expect(decide('2026-10-25T01:15:00Z', [night])).toMatchObject({
      kind: 'closed',
      until: '2026-10-25T01:30:00.000Z',
    });
    expect(decide('2026-10-25T01:45:00Z', [night])).toEqual({ kind: 'open' });
  });

  it('lasts over midnight and belongs to the day on which it begins', () => {
    const late: PromotionWindow = { ...office, days: ['sat'], fromMinute: 22 * 60, toMinute: 2 * 60, timeZone: 'UTC' };

    expect(decide('2026-11-28T23:00:00Z', [late])).toEqual({ kind: 'open' });
    expect(decide('2026-11-29T01:59:00Z', [late])).toEqual({ kind: 'open' });
    expect(decide('2026-11-29T02:00:00Z', [late])).toMatchObject({ until: '2026-12-05T22:00:00.000Z' });
  });

  it('lets deny beat allow, and a freeze beat both', () => {
    const lunch: PromotionWindow = { ...office, kind: 'deny', fromMinute: 12 * 60, toMinute: 13 * 60 };

    expect(decide('2026-11-25T11:30:00Z', [office, lunch])).toMatchObject({ until: '2026-11-25T12:00:00.000Z' });
    expect(
      decide('2026-11-25T11:30:00Z', [office, lunch], [freeze('2026-11-20T00:00:00Z', '2026-11-27T20:00:00Z')]),
    ).toMatchObject({ kind: 'closed', reason: 'Frozen by root: year end', until: '2026-11-30T08:00:00.000Z' });
  });

  it('names no end when none comes', () => {
    const always: PromotionWindow = {
      ...office,
      kind: 'deny',
      days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
      fromMinute: 0,
      toMinute: 1440,
    };

    expect(decide('2026-11-25T11:30:00Z', [always])).not.toHaveProperty('until');
  });

  it('is open at every instant that it named, and closed just before', () => {
    const windows = fc.array(
      fc.record({
        kind: fc.constantFrom('allow' as const, 'deny' as const),
        days: fc.subarray(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const, { minLength: 1 }),
        fromMinute: fc.integer({ min: 0, max: 1439 }),
        toMinute: fc.integer({ min: 0, max: 1440 }),
        timeZone: fc.constantFrom('UTC', 'Europe/Zurich', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const instants = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2027-01-01') });

    fc.assert(
      fc.property(windows, instants, (some, at) => {
        const decision = decide(new Date(at - (at % 60_000)).toISOString(), some);
        if (decision.kind === 'open' || decision.until === undefined) return;
        expect(decide(decision.until, some)).toEqual({ kind: 'open' });
        const before = new Date(Date.parse(decision.until) - 60_000).toISOString();
        expect(decide(before, some).kind).toBe('closed');
      }),
      { numRuns: 150 },
    );
  });
});

describe('freezesOf', () => {
  const place = (environment: string) => ({
    application: parseName('guestbook'),
    environment: {
      name: parseName(environment),
      class: environment === 'prod' ? ('protected' as const) : ('open' as const),
    },
  });

  it('takes those of the place, and those of nobody in particular for protected environments', () => {
    const all = freeze('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z');
    const qa = freeze(all.from, all.to, { id: 'qa', environment: parseName('qa') });
    const other = freeze(all.from, all.to, { id: 'other', application: parseName('shop') });
    const ended = freeze(all.from, all.to, { id: 'ended', endedAt: all.from, endedBy: 'root' });

    expect(freezesOf([all, qa, other, ended], place('prod')).map(({ id }) => id)).toEqual(['f']);
    expect(freezesOf([all, qa, other, ended], place('qa')).map(({ id }) => id)).toEqual(['qa']);
  });
});
