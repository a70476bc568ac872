import { describe, expect, it } from 'vitest';
import { EngineError } from '../engine-error.ts';
import { decideRetry, pauseAfter } from './retry-rule.ts';

const random = (): number => 0.5;
const backoff = new EngineError('DATABASE_UNREACHABLE', 'x');
const never = new EngineError('DATABASE_URL_INVALID', 'x', { facts: { where: 'here' } });

describe('decideRetry', () => {
  it('gives up at once on an error that says never, and keeps its code and facts', () => {
    const decision = decideRetry(never, 1, { random });

    expect(decision).toMatchObject({
      kind: 'give-up',
      failure: { code: 'DATABASE_URL_INVALID', facts: { where: 'here' }, attempts: 1 },
    });
  });

  it('repeats a coded error without end, by default', () => {
    expect(decideRetry(backoff, 100_000, { random }).kind).toBe('again');
  });

  it.each([
    { error: new Error('odd'), maxAttempts: undefined, last: 10 },
    { error: 'a thrown text', maxAttempts: undefined, last: 10 },
    { error: backoff, maxAttempts: 3, last: 3 },
  ])('gives up after $last attempts on $error', ({ error, maxAttempts, last }) => {
    expect(decideRetry(error, last - 1, { random, maxAttempts }).kind).toBe('again');
    expect(decideRetry(error, last, { random, maxAttempts }).kind).toBe('give-up');
  });
});

describe('pauseAfter', () => {
  it.each([
    [1, 100, 200],
    [2, 200, 400],
    [9, 25_600, 51_200],
    [10, 30_000, 60_000],
    [5_000, 30_000, 60_000],
  ])('after %d failures lies between %d and %d ms', (failures, least, most) => {
    expect(pauseAfter(failures, () => 0)).toBe(least);
    expect(pauseAfter(failures, () => 1)).toBe(most);
  });
});
