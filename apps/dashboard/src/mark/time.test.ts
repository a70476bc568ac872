import { expect, it } from 'vitest';
import { describeAgo, describeDuration } from './time.ts';

it.each([
  [0, '0 ms'],
  [850, '850 ms'],
  [12_400, '12.4 s'],
  [185_000, '3 m 05 s'],
  [7_800_000, '2 h 10 m'],
])('says %d ms as %s', (ms, text) => {
  expect(describeDuration(ms)).toBe(text);
});

it.each([
  [2_000, 'just now'],
  [40_000, '40 seconds ago'],
  [180_000, '3 minutes ago'],
  [86_400_000, 'yesterday'],
])('says %d ms before now as %s', (ms, text) => {
  const now = Date.UTC(2026, 0, 20);

  expect(describeAgo(now - ms, now)).toBe(text);
});

it('says the date after two weeks', () => {
  const now = Date.UTC(2026, 0, 20, 12);

  expect(describeAgo(Date.UTC(2026, 0, 2, 12), now)).toBe('2 Jan 2026');
});
