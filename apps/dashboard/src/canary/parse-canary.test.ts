import { expect, it } from 'vitest';
import { canaryOf, parseCanary } from './parse-canary.ts';

const whole = {
  phase: 'progressing',
  step: 1,
  steps: 4,
  weight: 25,
  realShare: 24.5,
  metrics: [
    { name: 'errors', run: 'step-1', phase: 'running', isDryRun: false, value: 0.02, limit: '<= 0.01', count: 3 },
  ],
  startedAt: '2026-01-02T10:00:00.000Z',
  message: 'Step 2 of 4.',
  requests: { total: 120, failed: 3 },
};

it('reads a canary as the server writes it', () => {
  expect(parseCanary(whole)).toEqual(whole);
});

it.each([undefined, null, 'canary', 7, [], {}, { phase: 3 }])('sees no canary in %j', (value) => {
  expect(parseCanary(value)).toBeUndefined();
});

it('keeps what it can read and leaves out the rest', () => {
  const odd = { phase: 'new-phase', step: 'two', weight: 10, metrics: [{ name: 4 }, { name: 'latency', value: 'x' }] };

  expect(parseCanary(odd)).toMatchObject({ phase: 'new-phase', weight: 10, metrics: [{ name: 'latency' }] });
  expect(parseCanary(odd)?.step).toBeUndefined();
  expect(parseCanary({ phase: 'progressing', metrics: 'none' })?.metrics).toEqual([]);
});

it('finds it in an answer that does not name it', () => {
  expect(canaryOf({ canary: whole })?.weight).toBe(25);
  expect(canaryOf({})).toBeUndefined();
  expect(canaryOf(undefined)).toBeUndefined();
});
